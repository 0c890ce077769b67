import { AppError } from '@vafa/kernel';
import { type CsvError, parse } from 'csv-parse/sync';
import type { UploadedRow } from '../domain/coupons/uploaded-rows.ts';

const COLUMNS = ['code', 'customerId', 'expiresAt'] as const;

/** Columns that an export has besides; they are passed over, so that an export can be sent again. */
const IGNORED = ['status', 'uses', 'maxUses'];

const invalid = (message: string): AppError =>
  new AppError('invalid', 'ledger.invalid_upload', message, { problems: [{ path: '', message }] });

const headingOf = (cells: string[]): string[] => {
  const names = cells.map((cell) => cell.trim());
  if (!names.includes('code')) throw invalid('the first line must name the columns, one of them code');
  const unknown = names.find((name) => ![...COLUMNS, ...IGNORED].includes(name));
  if (unknown !== undefined) throw invalid(`a column is none of ${COLUMNS.join(', ')}`);
  return names;
};

/** A table with the heading `code[,customerId][,expiresAt]`. Rows that can't be read are kept as such. */
const readCsv = (text: string): UploadedRow[] => {
  const rows: UploadedRow[] = [];
  const read = parse(text, {
    bom: true,
    columns: headingOf,
    info: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      rows.push({ row: Number(error?.lines ?? 1), unreadable: true });
      return undefined;
    },
  }) as unknown as { info: { lines: number }; record: Record<string, string> }[];
  for (const { info, record } of read) {
    const { code, customerId, expiresAt } = record;
    rows.push({ row: info.lines, code, customerId, expiresAt });
  }
  return rows.sort((a, b) => a.row - b.row);
};

const readJson = (line: string): Omit<UploadedRow, 'row'> => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'string') return { code: value };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { unreadable: true };
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

/** @throws AppError invalid `ledger.invalid_upload` when it has not the columns it must have */
export const readUpload = (text: string, contentType: string): UploadedRow[] =>
  contentType.includes('ndjson') ? readNdjson(text) : readCsv(text);
