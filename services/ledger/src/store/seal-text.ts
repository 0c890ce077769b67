import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * What is sealed of a transfer: everything that never changes. Not sealed are the customer's id and the reason, because
 * forgetting a customer replaces them; whose a transfer is, is bound by its number and running balance, which are sealed.
 */
export interface SealedFields {
  id: string;
  seq: number;
  kind: string;
  debit: string;
  credit: string;
  amount: number;
  balanceAfter: number;
  orderId?: string | null | undefined;
  refundId?: string | null | undefined;
  reservationId?: string | null | undefined;
  lotId?: string | null | undefined;
  reversesId?: string | null | undefined;
  pairId?: string | null | undefined;
  ruleId?: string | null | undefined;
  ruleVersion?: number | null | undefined;
  actor?: string | null | undefined;
  /** JSON text, as it is kept. */
  explanation?: string | null | undefined;
}

const optional = (value: string | number | null | undefined): string => (value == null ? '' : `=${value}`);

/**
 * The text of one transfer, its fields divided by NUL: Postgres keeps none in texts, so no field holds one. `occurredAtMs` is
 * its time cut to the millisecond. One template: this runs for every event.
 */
export const sealedText = (fields: SealedFields, occurredAtMs: number): string =>
  `${fields.id}\0${fields.seq}\0${fields.kind}\0${fields.debit}\0${fields.credit}\0${fields.amount}\0${
    fields.balanceAfter
  }\0${occurredAtMs}\0${optional(fields.orderId)}\0${optional(fields.refundId)}\0${optional(
    fields.reservationId,
  )}\0${optional(fields.lotId)}\0${optional(fields.reversesId)}\0${optional(fields.pairId)}\0${optional(
    fields.ruleId,
  )}\0${optional(fields.ruleVersion)}\0${optional(fields.actor)}\0${optional(fields.explanation)}`;

/** CRC-32 of a transfer's text. */
export const checkOf = (text: string): number => crc32(text);

/** Checks one after the other, 4 bytes each, hex. */
export const checksHex = (texts: readonly string[]): string => {
  const bytes = Buffer.allocUnsafe(texts.length * 4);
  for (const [i, text] of texts.entries()) bytes.writeUInt32BE(checkOf(text), i * 4);
  return bytes.toString('hex');
};

/** Ids one after the other, 16 bytes each, hex. */
export const idsHex = (ids: readonly string[]): string => ids.join('').replaceAll('-', '');

/** SHA-256 of all texts of a transaction and its time, hex. One hash for all of them costs a tenth of a hash for each. */
export const bodyHash = (texts: readonly string[], atMs: number): string =>
  hash('sha256', `${atMs}\n${texts.length}\n${texts.join('\n')}`, 'hex');

/** Begins every chain. */
export const NO_HASH = '0'.repeat(64);

/** The hash that the chain goes on with, hex; the same as the database makes when it seals (see `sealTransfers`). */
export const chainedHash = (
  prevHash: string,
  place: { door: string; lane: number; seq: number },
  body: string,
): string =>
  hash(
    'sha256',
    Buffer.concat([
      Buffer.from(prevHash, 'hex'),
      Buffer.from(`${place.door}/${place.lane}/${place.seq}`),
      Buffer.from(body, 'hex'),
    ]),
    'hex',
  );
