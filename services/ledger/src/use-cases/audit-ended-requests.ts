import type { Tx } from '@vafa/bus';
import { insertAudit } from '../store/audit.ts';

/** What the audit calls a request. */
export const subjectOf = (id: string): string => `adjustment-request/${id}`;

/** Keeps that requests which nobody had decided on ended by themselves: when, by whom or what, and how. */
export const auditEndedRequests = (
  tx: Tx,
  ids: readonly string[],
  { at, actor, status }: { at: string; actor: string; status: 'expired' | 'void' },
): Promise<void> =>
  insertAudit(
    tx,
    ids.map((id) => ({
      ...{ at, actor, action: `adjustment.${status}`, subject: subjectOf(id) },
      ...{ before: { status: 'pending' }, after: { status } },
    })),
  );
