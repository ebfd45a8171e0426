/**
 * The roles of a table, for tables that are laid out as grids or cards: a browser may forget that an element is a row
 * or a cell once CSS gives it another `display`; the accessibility tree must not.
 */
export const tableRoles = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  header: { role: 'columnheader' },
  cell: { role: 'cell' },
} as const
