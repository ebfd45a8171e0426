/** Exit statuses. Those above 64 are from sysexits.h. */
export const exitStatus = { done: 0, failed: 1, usage: 2, output: 74, busy: 75, configuration: 78 } as const
