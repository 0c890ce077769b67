import { idFrom } from '@vafa/kernel';
import type { Channel } from './campaign.ts';

/** Longest request id that the contract takes. */
const MAX_REQUEST_ID = 200;
/** Limits of the contract on a template's parameters. */
const MAX_PARAMS = 50;
const MAX_PARAM_NAME = 64;
const MAX_PARAM_TEXT = 2_000;

/** A colon inside an id must not look like the one between two: other customers and triggers would share a request. */
const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll(':', '%3A');

/**
 * The same campaign, customer, trigger and channel give the same id for ever, so a trigger that is told twice asks once.
 * Very long ids are shortened by a hash.
 */
export const requestIdOf = (campaignId: string, customerId: string, triggerKey: string, channel: Channel): string => {
  const plain = `campaign:${campaignId}:${escaped(customerId)}:${triggerKey}:${channel}`;
  return plain.length <= MAX_REQUEST_ID ? plain : `campaign:${campaignId}:${idFrom(customerId, triggerKey)}:${channel}`;
};

export type Params = Record<string, string | number | boolean>;

const isParam = (name: string, value: unknown): value is string | number | boolean =>
  name.length > 0 &&
  name.length <= MAX_PARAM_NAME &&
  (typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && value.length <= MAX_PARAM_TEXT));

/**
 * What a template may use: the plain fields of the event, the shop's attributes by their own names where these don't
 * hide a field, and customerId. What doesn't fit the contract's limits is left out.
 */
export const paramsOf = (customerId: string, data: Readonly<Record<string, unknown>>): Params => {
  const params = new Map<string, string | number | boolean>();
  const add = (name: string, value: unknown): void => {
    if (!params.has(name) && params.size < MAX_PARAMS && isParam(name, value)) params.set(name, value);
  };
  add('customerId', customerId);
  for (const [name, value] of Object.entries(data)) add(name, value);
  const { attributes } = data;
  if (typeof attributes === 'object' && attributes !== null)
    for (const [name, value] of Object.entries(attributes)) add(name, value);
  return Object.fromEntries(params);
};
