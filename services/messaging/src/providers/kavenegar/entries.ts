import Type from 'typebox';
import { Compile } from 'typebox/compile';

const Id = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,19}$' })]);

const Sent = Compile(
  Type.Array(
    Type.Object({
      messageid: Id,
      status: Type.Integer(),
      receptor: Type.String(),
      cost: Type.Optional(Type.Number()),
    }),
  ),
);
const Looked = Compile(Type.Array(Type.Object({ messageid: Id, status: Type.Integer() })));
const LookedByLocalId = Compile(Type.Array(Type.Object({ messageid: Id, localid: Id, status: Type.Integer() })));

export interface SentEntry {
  providerMessageId: string;
  status: number;
  receptor: string;
  costRial: number | null;
}

/** Entries of a send, in the order of the receptors; undefined when they are not what the API promises. */
export const readSentEntries = (entries: unknown): SentEntry[] | undefined => {
  if (!Sent.Check(entries)) return undefined;
  return entries.map(({ messageid, status, receptor, cost }) => ({
    providerMessageId: String(messageid),
    status,
    receptor,
    costRial: cost === undefined ? null : Math.round(cost),
  }));
};

/** A status that says: this id is not known, or not any more. */
const NOT_KNOWN = 100;

export const readStatusEntries = (entries: unknown): Map<string, number> | undefined => {
  if (!Looked.Check(entries)) return undefined;
  const known = entries.filter(({ status }) => status !== NOT_KNOWN);
  return new Map(known.map(({ messageid, status }) => [String(messageid), status]));
};

export const readLocalIdEntries = (
  entries: unknown,
): Map<string, { providerMessageId: string; status: number }> | undefined => {
  if (!LookedByLocalId.Check(entries)) return undefined;
  const known = entries.filter(({ status }) => status !== NOT_KNOWN);
  return new Map(
    known.map(({ messageid, localid, status }) => [String(localid), { providerMessageId: String(messageid), status }]),
  );
};
