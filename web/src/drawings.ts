/** Icons are drawn in the text's colour and say nothing by themselves: words always stand beside them. */
export const drawings = {
  check: 'M5 12.5l4.5 4.5L19 7',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  warning: 'M12 4L2.8 19.5h18.4zM12 10v4.5M12 17.2v.1',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17zM12 7.5V12l3 2',
  running: 'M19.5 10.5A7.8 7.8 0 0 0 5.5 8M4.5 13.5A7.8 7.8 0 0 0 18.5 16M5 4v4.2h4.2M19 20v-4.2h-4.2',
  queued: 'M6 6.5h12M6 12h12M6 17.5h7',
  empty: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17zM8.5 12h7',
  stop: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17zM6.2 6.2l11.6 11.6',
  broken: 'M4 12h4l2.5-5 3 10 2.5-5h4',
  hand: 'M12 3.5l7.5 3v5.2c0 4.3-3.1 7.3-7.5 8.8-4.4-1.5-7.5-4.5-7.5-8.8V6.5zM9.8 9.5v5M14.2 9.5v5',
  plus: 'M12 5.5v13M5.5 12h13',
  minus: 'M5.5 12h13',
  pencil: 'M5 19l.8-3.8L15.5 5.5l3 3-9.7 9.7zM13.5 7.5l3 3',
  back: 'M9 6L4.5 10.5 9 15M5 10.5h8.5a5 5 0 0 1 0 10H11',
  chevron: 'M9 6l6 6-6 6',
  sun: 'M12 8.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6zM12 2.5v2.2M12 19.3v2.2M2.5 12h2.2M19.3 12h2.2M5.3 5.3l1.5 1.5M17.2 17.2l1.5 1.5M18.7 5.3l-1.5 1.5M6.8 17.2l-1.5 1.5',
  moon: 'M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z',
  auto: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17zM12 3.5v17M12 8h5.5M12 12h8M12 16h5.5',
  plug: 'M8 3.5v5M16 3.5v5M5.5 8.5h13v3a6.5 6.5 0 0 1-13 0zM12 18v3',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  key: 'M8 11.5a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 1 0 0-8.4zM11 12.6l8.5-8.5M15.8 7.8l3 3M13.2 10.4l1.8 1.8',
  arrow: 'M5 12h13.5M13 6.5l5.5 5.5-5.5 5.5',
} as const

export type IconName = keyof typeof drawings
