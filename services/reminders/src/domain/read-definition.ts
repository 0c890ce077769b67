import { AppError, type FieldProblem, readTimeToLive } from '@vafa/kernel';
import type { DefinitionContent, ReminderMessage, ReminderPurpose } from './definition.ts';

/** A definition as a caller writes it: the fields of both kinds, of which each takes its own. */
export interface DefinitionInput {
  kind: DefinitionContent['kind'];
  name: string;
  purpose: ReminderPurpose;
  messages: ReminderMessage[];
  category?: string;
  afterDays?: number;
  timeOfDay?: string;
  timeToLive?: string;
}

const DEFAULT_TIME_TO_LIVE = 'P1D';
const REPLENISHMENT_ONLY = ['category', 'afterDays'] as const;

/**
 * Checks what no schema can say of a definition and fills in what was left out. Whether the templates exist is not known
 * here: messaging owns them.
 * @throws reminders.invalid_definition listing every problem with its path
 */
export const readDefinition = (input: DefinitionInput): DefinitionContent => {
  const timeToLive = input.timeToLive ?? DEFAULT_TIME_TO_LIVE;
  const length = readTimeToLive(timeToLive);
  const problems: FieldProblem[] = [
    ...('problem' in length ? [{ path: '/timeToLive', message: length.problem }] : []),
    ...repeatedChannels(input.messages.map(({ channel }) => channel)),
    ...kindProblems(input),
  ];
  if (problems.length > 0)
    throw new AppError('invalid', 'reminders.invalid_definition', 'the definition is not right', { problems });
  const { name, purpose, timeOfDay, category = '', afterDays = 0 } = input;
  const common = {
    name,
    purpose,
    messages: input.messages.map(({ channel, templateId }) => ({ channel, templateId })),
    ...(timeOfDay === undefined ? {} : { timeOfDay }),
    timeToLive,
  };
  return input.kind === 'replenishment'
    ? { kind: 'replenishment', ...common, category, afterDays }
    : { kind: 'points_expiring', ...common };
};

const repeatedChannels = (channels: readonly string[]): FieldProblem[] =>
  channels.flatMap((channel, at) =>
    channels.indexOf(channel) < at
      ? [{ path: `/messages/${at}/channel`, message: `${channel} is named twice: one message per channel` }]
      : [],
  );

const kindProblems = (input: DefinitionInput): FieldProblem[] =>
  REPLENISHMENT_ONLY.flatMap((field) => {
    const given = input[field] !== undefined;
    if (input.kind === 'replenishment' && !given)
      return [{ path: `/${field}`, message: 'is needed by a reminder of kind replenishment' }];
    if (input.kind !== 'replenishment' && given)
      return [{ path: `/${field}`, message: `does not belong to a reminder of kind ${input.kind}` }];
    return [];
  });
