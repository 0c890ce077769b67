import { isInfrastructure } from '@vafa/bus';
import { AppError, type ErrorKind, type FieldProblem } from '@vafa/kernel';
import Type from 'typebox';

/** RFC 9457 problem details, the one shape of every error answer. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable name of what happened: <service>.<what_happened>' }),
    detail: Type.String({ description: 'For people' }),
    instance: Type.String({ description: 'Id of the request, to be found in the log' }),
    problems: Type.Optional(
      Type.Array(Type.Object({ path: Type.String({ description: 'JSON pointer' }), message: Type.String() })),
    ),
  },
  { $id: 'Problem', title: 'Problem', additionalProperties: true },
);

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  instance: string;
  problems?: FieldProblem[];
  [key: string]: unknown;
}

const STATUS: Readonly<Record<ErrorKind, [number, string]>> = {
  invalid: [400, 'Invalid input'],
  unauthenticated: [401, 'Not authenticated'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not found'],
  conflict: [409, 'Conflict'],
  rejected: [422, 'Rejected'],
  rate_limited: [429, 'Too many requests'],
  unavailable: [503, 'Unavailable'],
};

interface FastifyLikeError {
  code?: string;
  statusCode?: number;
  message: string;
  validation?: { instancePath: string; message?: string; keyword: string; params: Record<string, unknown> }[];
  validationContext?: string;
}

/** Names the allowed values, which the validator's own message leaves out. */
const describe = ({
  instancePath,
  message,
  keyword,
  params,
}: NonNullable<FastifyLikeError['validation']>[number]): FieldProblem => {
  const allowed = params.allowedValues;
  const extra = params.additionalProperty;
  if (keyword === 'enum' && Array.isArray(allowed))
    return {
      path: instancePath,
      message: `must be one of: ${allowed.length > 20 ? 'a known code' : allowed.join(', ')}`,
    };
  if (keyword === 'additionalProperties')
    return { path: `${instancePath}/${String(extra)}`, message: 'is not a known field' };
  if (keyword === 'required')
    return { path: `${instancePath}/${String(params.missingProperty)}`, message: 'is missing' };
  return { path: instancePath, message: message ?? 'is not allowed' };
};

/** Refusals of the HTTP layer itself, by Fastify's codes. */
const fromFastify = (error: FastifyLikeError): AppError | undefined => {
  if (error.validation) {
    const problems = error.validation.map(describe);
    const where = error.validationContext ?? 'request';
    return new AppError('invalid', 'http.invalid_request', `the ${where} is not as it should be`, { problems });
  }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new AppError('invalid', 'http.malformed_json', `the body is no JSON: ${error.message}`);
    case 'FST_ERR_BAD_URL':
      return new AppError('invalid', 'http.malformed_path', 'the path is not percent-encoded UTF-8');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new AppError('invalid', 'http.invalid_content_length', 'the body is not as long as Content-Length says');
    default:
      return error instanceof SyntaxError && (error as FastifyLikeError).statusCode === 400
        ? new AppError('invalid', 'http.malformed_json', `the body is no JSON: ${error.message}`)
        : undefined;
  }
};

/** Statuses that Fastify and its plugins set themselves. */
const PLAIN: Readonly<Record<number, [string, string]>> = {
  413: ['http.body_too_large', 'Body too large'],
  415: ['http.unsupported_media_type', 'Unsupported media type'],
  429: ['http.rate_limited', 'Too many requests'],
  414: ['http.uri_too_long', 'URI too long'],
  408: ['http.request_timeout', 'Request timeout'],
};

/** Any error as a problem. What is not a refusal becomes a 500 that tells the caller nothing of the inside. */
export const problemOf = (error: unknown, instance: string): { body: ProblemBody; unexpected: boolean } => {
  const known = error instanceof AppError ? error : fromFastify(error as FastifyLikeError);
  if (known) {
    const [status, title] = STATUS[known.kind];
    const { problems, ...details } = known.details;
    const body = {
      type: `urn:vafa:error:${known.code}`,
      title,
      status,
      code: known.code,
      detail: known.message,
      instance,
    };
    return { body: { ...details, ...body, ...(problems ? { problems } : {}) }, unexpected: false };
  }
  if (isInfrastructure(error)) {
    const body = {
      type: 'urn:vafa:error:http.unavailable',
      title: 'Unavailable',
      status: 503,
      code: 'http.unavailable',
    };
    return {
      body: { ...body, detail: 'a part this needs does not answer, try again', instance, retryAfterSeconds: 1 },
      unexpected: true,
    };
  }
  const status = (error as FastifyLikeError).statusCode ?? 500;
  const plain = PLAIN[status];
  if (plain) {
    const [code, title] = plain;
    return {
      body: { type: `urn:vafa:error:${code}`, title, status, code, detail: (error as Error).message, instance },
      unexpected: false,
    };
  }
  const body = { type: 'urn:vafa:error:http.internal', title: 'Internal error', status: 500, code: 'http.internal' };
  return {
    body: { ...body, detail: 'something went wrong here; the log has it under this instance', instance },
    unexpected: true,
  };
};
