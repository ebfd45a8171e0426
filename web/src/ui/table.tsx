/**
 * The roles of the elements of a table. A browser removes them from the accessibility tree when CSS gives the elements another
 * `display`, as for a table that is laid out as a grid or as cards.
 */
export const tableRoles = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  header: { role: 'columnheader' },
  cell: { role: 'cell' },
} as const
