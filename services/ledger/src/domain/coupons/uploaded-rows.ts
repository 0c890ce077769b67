import { isCode, normaliseCode } from './code.ts';

/** A row of an upload, as it was read: nothing of it is checked. */
export interface UploadedRow {
  /** From 1; of a table with a heading, the heading is row 1. */
  row: number;
  code?: unknown;
  customerId?: unknown;
  expiresAt?: unknown;
  /** It could not be read at all. */
  unreadable?: boolean;
  /** It says something that nobody would heed, such as a misspelt expiry. */
  unknownField?: boolean;
}

export interface CheckedRow {
  row: number;
  code: string;
  /** As it came, where that differs by case and hyphens. */
  shown: string | null;
  customerId: string | null;
  expiresAtMs: number | null;
}

/**
 * Why a row is left out. taken: the code belongs to another pool; known_with_other_values: to this one, for another customer or
 * until another instant.
 */
export const ROW_REFUSALS = [
  'unreadable',
  'unknown_field',
  'invalid_code',
  'invalid_customer',
  'invalid_instant',
  'duplicate',
  'taken',
  'known_with_other_values',
] as const;
export type RowRefusal = (typeof ROW_REFUSALS)[number];

export interface RefusedRow {
  row: number;
  reason: RowRefusal;
}

/** A code as it is kept already. */
export interface KnownCode {
  customerId: string | null;
  expiresAtMs: number | null;
  /** A reward gave it to its customer, and may have let it end earlier than it was uploaded. */
  isGiven: boolean;
}

/**
 * Says a row of a known code something else than what is kept, which it would not change? What it leaves out it says nothing of.
 * `ownerOf` tells whose a customer's codes are now, after merges.
 */
export const saysOtherwise = (
  { customerId, expiresAtMs }: Pick<CheckedRow, 'customerId' | 'expiresAtMs'>,
  known: KnownCode,
  ownerOf: (customerId: string) => string,
): boolean => {
  if (customerId !== null && customerId !== known.customerId && ownerOf(customerId) !== known.customerId) return true;
  if (expiresAtMs === null || expiresAtMs === known.expiresAtMs) return false;
  return !known.isGiven || known.expiresAtMs === null || expiresAtMs < known.expiresAtMs;
};

const MAX_SHOWN_CHARACTERS = 64;
/** As ids of customers everywhere: no blanks at the ends, no control or half characters, 128 at most. */
const CUSTOMER_ID = /^(?=.{1,128}$)[^\s\p{Cc}\p{Cs}]([^\p{Cc}\p{Cs}]*[^\s\p{Cc}\p{Cs}])?$/u;
const SHOWABLE = /^[A-Za-z0-9-]+$/;
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** `Date.parse` takes 30 February for 2 March. */
const isDate = (instant: string): boolean => {
  const [year = 0, month = 0, day = 0] = instant.slice(0, 'yyyy-mm-dd'.length).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
};

const checkRow = (row: UploadedRow): CheckedRow | RowRefusal => {
  if (row.unreadable) return 'unreadable';
  if (row.unknownField) return 'unknown_field';
  if (typeof row.code !== 'string' || row.code.length > MAX_SHOWN_CHARACTERS) return 'invalid_code';
  const typed = row.code.trim();
  const code = normaliseCode(typed);
  if (!isCode(code)) return 'invalid_code';
  const customerId = row.customerId === undefined || row.customerId === '' ? null : row.customerId;
  if (customerId !== null && (typeof customerId !== 'string' || !CUSTOMER_ID.test(customerId)))
    return 'invalid_customer';
  const expiresAt = row.expiresAt === undefined || row.expiresAt === '' ? null : row.expiresAt;
  if (expiresAt !== null && (typeof expiresAt !== 'string' || !ISO_INSTANT.test(expiresAt))) return 'invalid_instant';
  const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt);
  if (Number.isNaN(expiresAtMs) || (expiresAt !== null && !isDate(expiresAt))) return 'invalid_instant';
  return { row: row.row, code, shown: typed !== code && SHOWABLE.test(typed) ? typed : null, customerId, expiresAtMs };
};

/** Tells the rows that can be kept from those that can't, each with its reason. Of equal codes the first is kept. */
export const checkRows = (rows: readonly UploadedRow[]): { kept: CheckedRow[]; refused: RefusedRow[] } => {
  const kept = new Map<string, CheckedRow>();
  const refused: RefusedRow[] = [];
  for (const each of rows) {
    const checked = checkRow(each);
    if (typeof checked === 'string') refused.push({ row: each.row, reason: checked });
    else if (kept.has(checked.code)) refused.push({ row: each.row, reason: 'duplicate' });
    else kept.set(checked.code, checked);
  }
  return { kept: [...kept.values()], refused };
};
