import { AppError } from '@vafa/kernel';
import type { HttpApp } from '@vafa/platform';
import { faultPositionOf } from '../domain/fault-position.ts';

/** Reads JSON bodies and says where a malformed one goes wrong, without quoting it. */
export const readJsonBodies = (app: HttpApp): void => {
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = body as string;
    try {
      done(null, JSON.parse(text));
    } catch (error) {
      done(error instanceof SyntaxError ? malformed(text) : (error as Error));
    }
  });
};

const malformed = (text: string): AppError => {
  if (text.trim() === '') return new AppError('invalid', 'gateway.malformed_json', 'the body is empty; send JSON');
  const fault = faultPositionOf(text);
  if (!fault) return new AppError('invalid', 'gateway.malformed_json', 'the body is not valid JSON');
  const { position, line, column } = fault;
  return new AppError(
    'invalid',
    'gateway.malformed_json',
    `the body is not valid JSON: it goes wrong at position ${position} (line ${line}, column ${column})`,
    { position, line, column },
  );
};
