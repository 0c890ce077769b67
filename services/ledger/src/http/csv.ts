/** What stands in a cell of a table. Texts may be anybody's; numbers and booleans are ours. */
export type Cell = string | number | boolean | null | undefined;

/** A spreadsheet takes a cell that begins so for a formula, and runs it (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Lets Excel know that the text is UTF-8. */
export const BOM = '\ufeff';

const cellText = (cell: Cell): string => {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  // An apostrophe makes a text of it; spreadsheets don't show it.
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line (RFC 4180). A text that a spreadsheet would run as a formula is disarmed; numbers stay as they are. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cellText).join(',')}\r\n`;
