import { isInteractionType } from '@vafa/contracts';
import { AppError, type FieldProblem, readTimeToLive } from '@vafa/kernel';
import type {
  CampaignContent,
  CampaignMessage,
  CampaignPurpose,
  Condition,
  Frequency,
  ScheduledTrigger,
  Trigger,
  TriggerEventType,
} from './campaign.ts';
import { conditionProblem, type FieldKind } from './condition.ts';

/** A trigger as a caller writes it: the fields of all kinds, of which each kind takes its own. */
interface TriggerInput {
  kind: Trigger['kind'];
  eventType?: TriggerEventType;
  interactionType?: string;
  conditions?: Condition[];
  to?: ScheduledTrigger['audience']['lifecycle'];
  from?: ScheduledTrigger['audience']['lifecycle'];
  at?: string;
  audience?: ScheduledTrigger['audience'];
}

export interface ContentInput {
  name: string;
  purpose: CampaignPurpose;
  messages: CampaignMessage[];
  trigger: TriggerInput;
  frequency?: Frequency;
  timeToLive?: string;
}

/** Fields of an event type that conditions may name. */
export type FieldsOf = (type: TriggerEventType) => ReadonlyMap<string, FieldKind>;

const DEFAULT_TIME_TO_LIVE = 'P1D';
const FIELDS_OF_KIND: Readonly<Record<Trigger['kind'], readonly string[]>> = {
  event: ['eventType', 'interactionType', 'conditions'],
  lifecycle: ['to', 'from'],
  scheduled: ['at', 'audience'],
};
const REQUIRED_OF_KIND: Readonly<Record<Trigger['kind'], readonly string[]>> = {
  event: ['eventType'],
  lifecycle: ['to'],
  scheduled: ['at', 'audience'],
};

/**
 * Checks what no schema can say of a campaign and fills in what was left out. Whether the templates exist is not known
 * here: messaging owns them, and suppresses a message without one for that reason.
 * @throws campaigns.invalid_campaign listing every problem with its path
 */
export const readContent = (input: ContentInput, fieldsOf: FieldsOf): CampaignContent => {
  const timeToLive = input.timeToLive ?? DEFAULT_TIME_TO_LIVE;
  const length = readTimeToLive(timeToLive);
  const problems: FieldProblem[] = [
    ...('problem' in length ? [{ path: '/timeToLive', message: length.problem }] : []),
    ...messageProblems(input.messages),
    ...shapeProblems(input.trigger),
  ];
  if (problems.length === 0) problems.push(...meaningProblems(input.trigger, fieldsOf));
  if (problems.length > 0)
    throw new AppError('invalid', 'campaigns.invalid_campaign', 'the campaign is not right', { problems });
  return {
    name: input.name,
    purpose: input.purpose,
    messages: input.messages.map(({ channel, templateId }) => ({ channel, templateId })),
    trigger: toTrigger(input.trigger),
    frequency: input.frequency ?? 'every_time',
    timeToLive,
  };
};

const messageProblems = (messages: readonly CampaignMessage[]): FieldProblem[] =>
  messages.flatMap(({ channel }, at) =>
    messages.findIndex((other) => other.channel === channel) < at
      ? [{ path: `/messages/${at}/channel`, message: `${channel} is named twice: one message per channel` }]
      : [],
  );

/** Which fields are given and which belong to the kind. */
const shapeProblems = (trigger: TriggerInput): FieldProblem[] => {
  const given = Object.entries(trigger).flatMap(([name, value]) =>
    name !== 'kind' && value !== undefined ? [name] : [],
  );
  const foreign = given
    .filter((name) => !FIELDS_OF_KIND[trigger.kind].includes(name))
    .map((name) => ({ path: `/trigger/${name}`, message: `does not belong to a trigger of kind ${trigger.kind}` }));
  const missing = REQUIRED_OF_KIND[trigger.kind]
    .filter((name) => !given.includes(name))
    .map((name) => ({ path: `/trigger/${name}`, message: `is needed by a trigger of kind ${trigger.kind}` }));
  return [...foreign, ...missing];
};

const meaningProblems = (trigger: TriggerInput, fieldsOf: FieldsOf): FieldProblem[] => {
  if (trigger.kind === 'event') return eventProblems(trigger, fieldsOf);
  if (trigger.kind === 'scheduled' && !isInstant(trigger.at as string))
    return [{ path: '/trigger/at', message: 'must be an ISO 8601 instant with an offset' }];
  return [];
};

const eventProblems = (trigger: TriggerInput, fieldsOf: FieldsOf): FieldProblem[] => {
  const eventType = trigger.eventType as TriggerEventType;
  const problems: FieldProblem[] = [];
  const { interactionType } = trigger;
  const say = (message: string): void => void problems.push({ path: '/trigger/interactionType', message });
  if (eventType !== 'interaction.recorded') {
    if (interactionType !== undefined) say('belongs to interaction.recorded only');
  } else if (interactionType === undefined) say('is needed with interaction.recorded');
  else if (!isInteractionType(interactionType))
    say('must be a type that interactions may have: a-z, 0-9, _ and dots, 64 at most');
  const fields = fieldsOf(eventType);
  for (const [at, condition] of (trigger.conditions ?? []).entries()) {
    const problem = conditionProblem(condition, fields);
    if (problem) problems.push({ path: `/trigger/conditions/${at}`, message: problem });
  }
  return problems;
};

const isInstant = (text: string): boolean => {
  try {
    Temporal.Instant.from(text);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];

/** Called on what has been checked, so the fields of the kind are there. */
const toTrigger = (input: TriggerInput): Trigger => {
  const { kind, eventType, interactionType, conditions = [], to = [], from, at = '', audience } = input;
  if (kind === 'lifecycle') return { kind, to: unique(to), ...(from ? { from: unique(from) } : {}) };
  if (kind === 'scheduled')
    return {
      kind,
      at: Temporal.Instant.from(at).toString(),
      audience: { lifecycle: unique(audience?.lifecycle ?? []) },
    };
  return {
    kind,
    eventType: eventType as TriggerEventType,
    ...(interactionType === undefined ? {} : { interactionType }),
    conditions: conditions.map(({ field, op, value }) => ({ field, op, value })),
  };
};
