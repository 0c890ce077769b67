import { type FieldProblem, traceIdOf } from '@vafa/kernel';
import { Compile, type Validator } from 'typebox/compile';
import { findDefinition } from './catalogue.ts';
import type { EventDefinition, EventEnvelope, EventOf } from './define-event.ts';

/** A record as it lies on a topic: CloudEvents 1.0 in binary mode. */
export interface EncodedEvent {
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

/** Why a record is no event we can handle. */
export interface DecodeProblem {
  code:
    | 'contracts.malformed_json'
    | 'contracts.missing_header'
    | 'contracts.invalid_header'
    | 'contracts.unknown_type'
    | 'contracts.wrong_topic'
    | 'contracts.unknown_version'
    | 'contracts.invalid_time'
    | 'contracts.invalid_data'
    | 'contracts.key_mismatch';
  message: string;
  problems?: FieldProblem[];
}

export type Decoded = { ok: true; event: EventEnvelope } | { ok: false; problem: DecodeProblem };

const SCHEMA_PREFIX = 'urn:vafa:schema:';
const validators = new Map<EventDefinition, Validator>();

const validatorOf = (definition: EventDefinition): Validator => {
  let validator = validators.get(definition);
  if (!validator) {
    validator = Compile(definition.data) as unknown as Validator;
    validators.set(definition, validator);
  }
  return validator;
};

/** What is wrong with a payload, field by field, the first eight (TypeBox stops there); empty when it is right. */
export const problemsOf = (definition: EventDefinition, data: unknown): FieldProblem[] => {
  const validator = validatorOf(definition);
  if (validator.Check(data)) return [];
  return validator.Errors(data).map(describe);
};

/** Names what is allowed, without echoing the value (it may hold what must not be logged). */
const describe = (error: { instancePath: string; keyword: string; message: string; params: object }): FieldProblem => {
  const params = error.params as { allowedValues?: unknown[]; requiredProperties?: string[] };
  if (error.keyword === 'enum' && params.allowedValues) {
    const allowed = params.allowedValues.length > 20 ? 'a known code' : params.allowedValues.join(', ');
    return { path: error.instancePath, message: `must be one of: ${allowed}` };
  }
  return { path: error.instancePath, message: error.message };
};

export const dataschemaOf = (definition: { type: string; version: number }): string =>
  `${SCHEMA_PREFIX}${definition.type}:${definition.version}`;

/** Builds an event of a definition; the payload's type follows from it. */
export const event = <Definition extends EventDefinition>(
  definition: Definition,
  fields: { id: string; source: string; time: Temporal.Instant | string; traceparent?: string | undefined },
  data: EventOf<Definition>['data'],
): EventOf<Definition> =>
  ({
    id: fields.id,
    source: fields.source,
    type: definition.type,
    version: definition.version,
    subject: (data as { customerId: string }).customerId,
    time: String(fields.time),
    ...(fields.traceparent ? { traceparent: fields.traceparent } : {}),
    data,
  }) as EventOf<Definition>;

/**
 * An event as a record of its topic.
 * @throws TypeError when the type is not in the catalogue: our own mistake
 */
export const encodeEvent = (envelope: EventEnvelope): EncodedEvent => {
  const definition = findDefinition(envelope.type);
  if (!definition) throw new TypeError(`no event ${envelope.type} in the catalogue`);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: envelope.id,
    ce_source: envelope.source,
    ce_type: envelope.type,
    ce_subject: envelope.subject,
    ce_time: envelope.time,
    ce_dataschema: dataschemaOf(envelope),
  };
  if (envelope.traceparent) headers.traceparent = envelope.traceparent;
  return { topic: definition.topic.name, key: envelope.subject, headers, value: JSON.stringify(envelope.data) };
};

const failed = (code: DecodeProblem['code'], message: string, problems?: FieldProblem[]): Decoded => ({
  ok: false,
  problem: { code, message, ...(problems ? { problems } : {}) },
});

const REQUIRED = ['ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_dataschema'] as const;
/** Characters of a header that ends in a column or a log line. */
const MAX_HEADER = 256;
/** Control characters: NUL can't be stored by Postgres, line breaks would forge log lines. */
const CONTROL = /\p{Cc}/u;

/** Reads a record that anybody may have written. Never throws: what is wrong comes back as a problem. */
export const decodeEvent = (record: {
  topic: string;
  key: string | null;
  headers: Record<string, string | undefined>;
  value: string | Buffer | null;
}): Decoded => {
  const { headers } = record;
  for (const name of REQUIRED) {
    const text = headers[name];
    if (!text) return failed('contracts.missing_header', `header ${name} is missing`);
    if (text.length > MAX_HEADER || CONTROL.test(text))
      return failed(
        'contracts.invalid_header',
        `header ${name} has more than ${MAX_HEADER} characters or a control character`,
      );
  }
  const type = headers.ce_type as string;
  const definition = findDefinition(type);
  if (!definition) return failed('contracts.unknown_type', `event type "${type}" is not known`);
  if (definition.topic.name !== record.topic)
    return failed('contracts.wrong_topic', `${type} belongs on topic ${definition.topic.name}`);
  if (headers.ce_dataschema !== dataschemaOf(definition))
    return failed(
      'contracts.unknown_version',
      `dataschema "${headers.ce_dataschema}" is not known, expected ${dataschemaOf(definition)}`,
    );
  const time = readTime(headers.ce_time as string);
  if (!time) return failed('contracts.invalid_time', 'header ce_time is no ISO 8601 instant with an offset');

  let data: unknown;
  try {
    data = JSON.parse(record.value === null ? '' : record.value.toString());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return failed('contracts.malformed_json', 'the value is no JSON');
  }
  const problems = problemsOf(definition, data);
  if (problems.length > 0) return failed('contracts.invalid_data', `${type} is not as its schema says`, problems);
  const { customerId } = data as { customerId: string };
  if (record.key !== customerId)
    return failed('contracts.key_mismatch', 'the record key must be the customerId, or order is not kept');
  return {
    ok: true,
    event: {
      id: headers.ce_id as string,
      source: headers.ce_source as string,
      type,
      version: definition.version,
      subject: customerId,
      time,
      // A trace that is no trace is no reason to refuse a purchase.
      ...(traceIdOf(headers.traceparent) ? { traceparent: headers.traceparent as string } : {}),
      data,
    },
  };
};

/** The usual form is checked by eye, anything else by Temporal, which is dearer. Returned as UTC. */
const UTC_FORM = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/;
const readTime = (text: string): string | undefined => {
  if (UTC_FORM.test(text) && !text.includes('-30T') && !text.includes('-31T') && !text.includes('-02-29')) return text;
  try {
    return Temporal.Instant.from(text).toString();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
