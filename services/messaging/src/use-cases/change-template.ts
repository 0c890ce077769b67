import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Purpose } from '../domain/purposes.ts';
import { checkTemplate, type TemplateParts } from '../rendering/render-message.ts';
import { recordAdminChange } from '../store/admin-changes.ts';
import { deleteTemplateRow, lockTemplate, saveTemplate, type Template, type TemplateKey } from '../store/templates.ts';

export interface TemplateInput extends TemplateParts {
  id: string;
  purpose: Purpose | null;
}

/** Who changes something, and when. */
export interface Change {
  actor: string;
  now: Temporal.Instant;
}

const subjectOf = ({ id, channel, locale }: TemplateKey): string => `template/${id}/${channel}/${locale}`;

/** What an e-mail needs and an SMS can't have. */
const checkParts = ({ channel, subject, html }: TemplateInput): void => {
  const refuse = (path: string, message: string) =>
    new AppError('invalid', 'messaging.template_invalid', message, { problems: [{ path, message }] });
  if (channel === 'email' && subject === null) throw refuse('/subject', 'an e-mail template needs a subject');
  if (channel === 'sms' && subject !== null) throw refuse('/subject', 'an SMS has no subject');
  if (channel === 'sms' && html !== null) throw refuse('/html', 'an SMS has no HTML');
};

const sameContent = (a: Template, b: TemplateInput): boolean =>
  a.purpose === b.purpose && a.subject === b.subject && a.body === b.body && a.html === b.html;

/**
 * Makes a template or replaces it by its next version; the same content again changes nothing.
 * @throws AppError invalid `messaging.template_invalid` for Liquid that can't be read, with line and column
 */
export const putTemplate = async (
  tx: Tx,
  input: TemplateInput,
  { actor, now }: Change,
): Promise<Template & { variables: string[] }> => {
  checkParts(input);
  const variables = checkTemplate(input);
  const before = await lockTemplate(tx, input);
  if (before && sameContent(before, input)) return { ...before, variables };
  const after: Template = {
    ...input,
    version: (before?.version ?? 0) + 1,
    updatedAt: now.toString(),
    updatedBy: actor,
  };
  await saveTemplate(tx, after);
  await recordAdminChange(tx, { at: now, actor, subject: subjectOf(input), before, after });
  return { ...after, variables };
};

/** @throws AppError not_found `messaging.template_unknown` */
export const deleteTemplate = async (tx: Tx, key: TemplateKey, { actor, now }: Change): Promise<void> => {
  const before = await lockTemplate(tx, key);
  if (!before)
    throw new AppError(
      'not_found',
      'messaging.template_unknown',
      `no template ${key.id} for ${key.channel} in ${key.locale}`,
    );
  await deleteTemplateRow(tx, key);
  await recordAdminChange(tx, { at: now, actor, subject: subjectOf(key), before, after: null });
};
