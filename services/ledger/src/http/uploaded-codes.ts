import { AppError } from '@vafa/kernel';
import type { UploadedRow } from '../domain/coupons/uploaded-rows.ts';
import { BOM, csvCells, rearmed } from './csv.ts';

export const UPLOAD_TYPES = ['text/csv', 'application/x-ndjson'] as const;

const COLUMNS = ['code', 'customerId', 'expiresAt'] as const;

/** Columns that an export has besides; they are passed over, so that an export can be sent again. */
const IGNORED = ['status', 'uses', 'maxUses'];
const KNOWN = new Set<string>([...COLUMNS, ...IGNORED]);

const invalid = (message: string): AppError =>
  new AppError('invalid', 'ledger.invalid_upload', message, { problems: [{ path: '', message }] });

/** A column's name may be anything, a whole file without line ends too. */
const told = (name: string): string => JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);

const headingOf = (names: readonly string[]): readonly string[] => {
  if (!names.includes('code')) throw invalid('the first line must name the columns, one of them code');
  const unknown = names.find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw invalid(`the column ${told(unknown)} is none of ${COLUMNS.join(', ')}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalid(`the column ${told(twice)} is there twice`);
  return names;
};

const readLine = (line: string, names: readonly string[]): Omit<UploadedRow, 'row'> => {
  const cells = csvCells(line);
  // Cells that no column is of: some comma was meant otherwise, and shifted the others.
  if (!cells || cells.slice(names.length).some((cell) => cell !== '')) return { unreadable: true };
  // An export is an upload: ids that begin with a plus have an apostrophe there.
  return Object.fromEntries(COLUMNS.map((name) => [name, rearmed(cells[names.indexOf(name)] ?? '')]));
};

/**
 * A table with the heading `code[,customerId][,expiresAt]`, a row on each line: nothing of it may have a line end within.
 * Rows that can't be read are kept as such.
 */
const readCsv = (text: string): UploadedRow[] => {
  const lines = text.split(/\r\n|\n|\r/).map((line, i) => ({ row: i + 1, line }));
  const [heading, ...rows] = lines.filter(({ line }) => line.trim() !== '');
  const names = headingOf(csvCells(heading?.line ?? '') ?? []);
  return rows.map(({ row, line }) => ({ row, ...readLine(line, names) }));
};

const readJson = (line: string): Omit<UploadedRow, 'row'> => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'string') return { code: value };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { unreadable: true };
    if (Object.keys(value).some((name) => !KNOWN.has(name))) return { unknownField: true };
    const { code, customerId, expiresAt } = value as Record<string, unknown>;
    return { code, customerId, expiresAt };
  } catch (error) {
    if (error instanceof SyntaxError) return { unreadable: true };
    throw error;
  }
};

/** An object or a text per line. */
const readNdjson = (text: string): UploadedRow[] =>
  text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [{ row: i + 1, ...readJson(line) }]));

/** Which of the types a Content-Type names. @throws AppError invalid `ledger.invalid_upload` for any other */
export const uploadTypeOf = (contentType: string | undefined): (typeof UPLOAD_TYPES)[number] => {
  const [named = ''] = (contentType ?? '').split(';');
  const type = UPLOAD_TYPES.find((each) => each === named.trim().toLowerCase());
  if (!type) throw invalid(`send ${UPLOAD_TYPES.join(' or ')}`);
  return type;
};

/** @throws AppError invalid `ledger.invalid_upload` when it has not the columns it must have, or is of another type */
export const readUpload = (body: string, contentType: string | undefined): UploadedRow[] => {
  const text = body.startsWith(BOM) ? body.slice(BOM.length) : body;
  return uploadTypeOf(contentType) === 'text/csv' ? readCsv(text) : readNdjson(text);
};
