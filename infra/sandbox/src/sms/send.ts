import type { Delivery } from '../chaos/sms-behaviour.ts';
import type { SmsDraft } from './message-book.ts';
import { isInt64, type Parameters, readCsv, readJsonArray } from './parameters.ts';
import { readReceptor } from './receptor.ts';
import { costOfRial, segmentsOf } from './segments.ts';

const receptorLimit = 200;
const messageLimitCharacters = 1_800;
// A date that has just passed on the way is taken as "now".
const dateToleranceMs = 60_000;

/** What `sms/send` or `sms/sendarray` asks for: one item per recipient, not yet judged. */
export interface SendRequest {
  items: { receptor: string; text: string; sender: string; localId?: string }[];
  parameters: Parameters;
}

/** A request in its parts, or the status to refuse it with. */
export type ReadRequest = SendRequest | { status: number };

const withLocalId = (localId: string | undefined) => (localId === undefined ? {} : { localId });

/** Reads `sms/send`: recipients and localids as csv, one text and one sender for all. */
export const readSend = (parameters: Parameters, defaultSender: string): ReadRequest => {
  const receptors = readCsv(parameters.get('receptor'));
  const text = parameters.get('message');
  if (receptors.length === 0 || text === undefined) return { status: 406 };
  const localIds = readCsv(parameters.get('localid'));
  if (localIds.length > 0 && localIds.length !== receptors.length) return { status: 419 };
  const sender = parameters.get('sender') || defaultSender;
  const items = receptors.map((receptor, index) => ({ receptor, text, sender, ...withLocalId(localIds[index]) }));
  return { items, parameters };
};

/** Reads `sms/sendarray`: JSON arrays of equal length. */
export const readSendArray = (parameters: Parameters): ReadRequest => {
  const receptors = readJsonArray(parameters.get('receptor'));
  const senders = readJsonArray(parameters.get('sender'));
  const texts = readJsonArray(parameters.get('message'));
  const localIds = readJsonArray(parameters.get('localmessageids'));
  if (!receptors || !senders || !texts || !localIds) return { status: 400 };
  if (receptors.length === 0 || senders.length === 0 || texts.length === 0) return { status: 406 };
  const lengths = [senders.length, texts.length, localIds.length || receptors.length];
  if (lengths.some((length) => length !== receptors.length)) return { status: 419 };
  const items = receptors.map((receptor, index) => ({
    receptor,
    text: texts[index] ?? '',
    sender: senders[index] ?? '',
    ...withLocalId(localIds[index]),
  }));
  return { items, parameters };
};

/** Control characters other than tab and line ends can't be sent. */
const hasControlCharacter = (text: string): boolean =>
  [...text].some((character) => character < ' ' && !'\t\n\r'.includes(character));

const statusOfItem = (item: SendRequest['items'][number]): number | undefined => {
  if (item.text.trim() === '' || item.text.length > messageLimitCharacters) return 413;
  if (hasControlCharacter(item.text)) return 422;
  if (!/^\d{3,20}$/.test(item.sender)) return 412;
  if (readReceptor(item.receptor) === undefined) return 411;
  return item.localId !== undefined && !isInt64(item.localId) ? 400 : undefined;
};

const statusOfParameters = (parameters: Parameters, nowMs: number): number | undefined => {
  const date = parameters.get('date');
  if (date && (!/^\d{1,12}$/.test(date) || Number(date) * 1_000 < nowMs - dateToleranceMs)) return 417;
  const tag = parameters.get('tag');
  if (tag && !/^[A-Za-z0-9_-]{1,200}$/.test(tag)) return 607;
  const type = parameters.get('type');
  return type && !type.startsWith('[') && !/^[0-3]$/.test(type) ? 400 : undefined;
};

/**
 * Judges a request as a whole: one bad recipient refuses all, as on the real service.
 * @returns the messages to accept, or the status to refuse with
 */
export const judge = (
  { items, parameters }: SendRequest,
  nowMs: number,
  takeDelivery: () => Delivery,
): SmsDraft[] | { status: number } => {
  if (items.length > receptorLimit) return { status: 414 };
  const status = items.map(statusOfItem).find((found) => found !== undefined) ?? statusOfParameters(parameters, nowMs);
  if (status !== undefined) return { status };
  const date = parameters.get('date');
  const tag = parameters.get('tag');
  return items.map(({ receptor, text, sender, localId }) => {
    const segments = segmentsOf(text);
    return {
      ...withLocalId(localId),
      receptor: readReceptor(receptor) ?? receptor,
      sender,
      text,
      ...segments,
      costRial: costOfRial(segments),
      sendAtMs: date ? Number(date) * 1_000 : nowMs,
      delivery: takeDelivery(),
      ...(tag ? { tag } : {}),
    };
  });
};
