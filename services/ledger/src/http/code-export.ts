import type { Sql } from '@vafa/bus';
import { displayOf } from '../domain/coupons/code.ts';
import type { KeptPool } from '../store/coupon-pools.ts';
import { type KeptCoupon, listCodes } from '../store/coupons.ts';
import { textOf } from '../store/instants.ts';
import { csvLine } from './csv.ts';

const PAGE = 5_000;

const statusOf = (coupon: KeptCoupon, { terms: { endsAt } }: KeptPool, nowMs: number): string => {
  const { voided, maxUses, redeemed, reserved, customerId, expiresAtMs } = coupon;
  if (voided) return 'void';
  if (redeemed >= maxUses) return 'used';
  if (redeemed + reserved >= maxUses) return 'reserved';
  const ends = [expiresAtMs, endsAt === null ? null : Date.parse(endsAt)];
  if (ends.some((endMs) => endMs !== null && endMs <= nowMs)) return 'expired';
  return customerId === null ? 'free' : 'given';
};

const HEADING = ['code', 'status', 'customerId', 'uses', 'maxUses', 'expiresAt'] as const;

/** All codes of a pool as lines of a file, read page by page; their states are those of `nowMs`. */
export async function* exportCodes(
  sql: Sql,
  pool: KeptPool,
  format: 'csv' | 'ndjson',
  nowMs: number,
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(HEADING);
  for (let afterCode = ''; ; ) {
    const page = await listCodes(sql, pool.id, { afterCode, limit: PAGE });
    const lines = page.map((coupon) => {
      const row = {
        code: displayOf(coupon.code, coupon.shown, pool.pattern),
        status: statusOf(coupon, pool, nowMs),
        customerId: coupon.customerId,
        uses: coupon.redeemed,
        maxUses: coupon.maxUses,
        expiresAt: textOf(coupon.expiresAtMs),
      };
      return format === 'csv' ? csvLine(HEADING.map((name) => row[name])) : `${JSON.stringify(row)}\n`;
    });
    if (lines.length > 0) yield lines.join('');
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    afterCode = last.code;
  }
}
