import { present } from '@vafa/kernel';
import type { CallOutcome } from '../../domain/call-outcome.ts';
import type { CallBudget, ProviderState, SmsItem, SmsProvider } from '../sms-provider.ts';
import { readLocalIdEntries, readSentEntries, readStatusEntries } from './entries.ts';
import { toReceptor } from './receptor.ts';
import { classOfStatus, mayBeOneOfMany } from './status-classes.ts';
import { type Answer, createKavenegarApi, type TransportOptions } from './transport.ts';

export interface KavenegarOptions extends TransportOptions {
  sender: string;
  localIdOffset: number;
  /** Waits until the next call may be made. */
  pace: () => Promise<void>;
  /** Told of each call: its method, what it came to, how long it took. */
  onCall: (method: string, result: string, seconds: number) => void;
}

const codeOf = (status: number): string => `kavenegar_${status}`;

const resultOf = (answer: Answer): string => (answer.kind === 'answered' ? codeOf(answer.status) : answer.kind);

/** All messages of a call share its outcome. */
const forAll = (items: readonly SmsItem[], outcome: CallOutcome): Map<number, CallOutcome> =>
  new Map(items.map(({ messageId }) => [messageId, outcome]));

/** Outcome of a call that was not answered with 200. */
const outcomeOf = (answer: Answer): CallOutcome => {
  if (answer.kind === 'not_sent') return { kind: 'try_later', code: answer.code };
  if (answer.kind === 'unknown') return { kind: 'unknown', code: answer.code };
  const code = codeOf(answer.status);
  switch (classOfStatus(answer.status)) {
    case 'later':
      return { kind: 'try_later', code };
    case 'down':
      return { kind: 'channel_down', code };
    case 'recipient':
      return { kind: 'refused', code, badAddress: true };
    case 'content':
      return { kind: 'refused', code, badAddress: false };
    default:
      return { kind: 'unknown', code };
  }
};

/** Outcomes of a call that was answered with 200. The entries must fit the receptors, or nobody knows what is what. */
const acceptedOf = (items: readonly SmsItem[], entries: unknown): Map<number, CallOutcome> => {
  const sent = readSentEntries(entries);
  const fits =
    sent?.length === items.length && sent.every(({ receptor }, i) => receptor === toReceptor(items[i]?.phone ?? ''));
  if (!sent || !fits) return forAll(items, { kind: 'unknown', code: 'kavenegar_entries' });
  return new Map(
    items.map(({ messageId }, i): [number, CallOutcome] => {
      const { providerMessageId, status, costRial } = present(sent[i], 'the entry of each receptor');
      return [messageId, { kind: 'accepted', providerMessageId, providerStatus: status, costRial }];
    }),
  );
};

/** Kavenegar as a way to send SMS. @throws AppError invalid when the base URL may not be used */
export const createKavenegarProvider = (options: KavenegarOptions): SmsProvider => {
  const { sender, localIdOffset, pace, onCall } = options;
  const api = createKavenegarApi(options);
  const localIdOf = (messageId: number): string => String(messageId + localIdOffset);

  const timed = async (method: string, call: () => Promise<Answer>): Promise<Answer> => {
    const startedMs = performance.now();
    const answer = await call();
    onCall(method, resultOf(answer), (performance.now() - startedMs) / 1_000);
    return answer;
  };

  /** One text for all goes as `send`, which is shorter on the wire; different texts as `sendarray`. */
  const callOnce = (items: readonly SmsItem[]): Promise<Answer> => {
    const [first] = items;
    const receptor = items.map(({ phone }) => toReceptor(phone));
    const localIds = items.map(({ messageId }) => localIdOf(messageId));
    if (first && items.every(({ text }) => text === first.text))
      return timed('send', () => api.send({ sender, message: first.text, receptor, localid: localIds }));
    return timed('sendarray', () =>
      api.sendArray({
        sender: items.map(() => sender),
        message: items.map(({ text }) => text),
        receptor,
        localmessageids: localIds,
      }),
    );
  };

  /** One bad receptor or text makes Kavenegar refuse the whole call, so the rest is tried in halves. */
  const send = async (items: readonly SmsItem[], budget: CallBudget): Promise<Map<number, CallOutcome>> => {
    if (items.length === 0) return new Map();
    // Waiting for a turn takes time of the lease: whether there is enough left is asked after it.
    await pace();
    if (!budget.mayCall()) return forAll(items, { kind: 'not_called' });
    const answer = await callOnce(items);
    if (answer.kind === 'answered' && answer.status === 200) return acceptedOf(items, answer.entries);
    if (answer.kind !== 'answered' || items.length === 1 || !mayBeOneOfMany(answer.status))
      return forAll(items, outcomeOf(answer));
    const middle = Math.ceil(items.length / 2);
    const first = await send(items.slice(0, middle), budget);
    const second = await send(items.slice(middle), budget);
    return new Map([...first, ...second]);
  };

  return {
    send,
    findByMessageIds: async (messageIds) => {
      await pace();
      const answer = await timed('statuslocalmessageid', () =>
        api.statusByLocalId({ localid: messageIds.map(localIdOf) }),
      );
      if (answer.kind !== 'answered' || answer.status !== 200) return undefined;
      const found = readLocalIdEntries(answer.entries);
      if (!found) return undefined;
      return new Map(
        messageIds.flatMap((messageId): [number, ProviderState][] => {
          const state = found.get(localIdOf(messageId));
          return state ? [[messageId, state]] : [];
        }),
      );
    },
    findStatuses: async (providerMessageIds) => {
      await pace();
      const answer = await timed('status', () => api.status({ messageid: providerMessageIds }));
      return answer.kind === 'answered' && answer.status === 200 ? readStatusEntries(answer.entries) : undefined;
    },
  };
};
