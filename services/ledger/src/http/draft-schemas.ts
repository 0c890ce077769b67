import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { DRAFT_STATUSES } from '../store/schema.ts';
import { ProgrammeBody } from './programme-schemas.ts';
import { Instant, KEEPABLE_OR_EMPTY, MAX_VERSION } from './schemas.ts';

const Uuid = Type.String({ format: 'uuid' });
const Version = Type.Integer({
  minimum: 0,
  maximum: MAX_VERSION,
  description: 'A version of the programme; 0 = none',
});
const Revision = Type.Integer({
  minimum: 1,
  maximum: MAX_VERSION,
  description: 'The one that was seen; 409 when the draft was changed since',
});
const Limit = Type.Integer({ minimum: 1, maximum: 100, default: 20 });

export const DraftParams = Type.Object({ draftId: Uuid });

export const NewDraftBody = Type.Object(
  {
    programme: Type.Optional(ProgrammeBody),
    basedOn: Type.Optional(
      Type.Integer({
        ...Version,
        description: 'Version to begin from, copied where no programme is given; the newest',
      }),
    ),
  },
  { additionalProperties: false },
);

export const DraftBody = Type.Object(
  {
    programme: ProgrammeBody,
    basedOn: Type.Optional(Type.Integer({ ...Version, description: 'The version with which it was compared anew' })),
    revision: Type.Optional(Revision),
  },
  { additionalProperties: false },
);

export const Draft = Type.Object({
  draftId: Uuid,
  programme: Type.Unsafe<unknown>({ type: 'object', additionalProperties: true }),
  basedOn: Version,
  revision: Type.Integer(),
  status: fields.OneOf(DRAFT_STATUSES),
  activatedVersion: Type.Optional(Type.Integer()),
  actor: Type.String({ description: 'Id of the API key that began it' }),
  createdAt: Instant,
  changedBy: Type.String(),
  changedAt: Instant,
});

export const DraftQuery = Type.Object({
  status: Type.Optional(fields.OneOf(DRAFT_STATUSES)),
  cursor: Type.Optional(Type.String({ format: 'uuid', description: 'nextCursor of the page before' })),
  limit: Limit,
});

export const DraftPage = Type.Object({
  drafts: Type.Array(Draft, { description: 'Newest first' }),
  nextCursor: Type.Optional(Type.String()),
});

export const RemovedBody = Type.Object({ removed: Uuid });

export const ActivateBody = Type.Optional(
  Type.Union([
    Type.Object(
      {
        force: Type.Optional(
          Type.Boolean({ description: 'Although another version came into force since the draft was begun' }),
        ),
        revision: Type.Optional(Revision),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ]),
);

export const ActivatedBody = Type.Object({
  version: Type.Integer(),
  draftId: Uuid,
  replacedVersion: Version,
});

const Side = Type.String({
  pattern: '^(active|[1-9][0-9]{0,8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$',
  description: 'A version, the id of a draft, or `active`',
});

export const DiffQuery = Type.Object({ from: Side, to: Side });

export const DiffBody = Type.Object({
  from: Type.String(),
  to: Type.String(),
  changes: Type.Array(
    Type.Object({
      path: Type.String({
        description: 'JSON pointer; members of lists that have an id or a currency are named by it',
      }),
      before: Type.Optional(Type.Unsafe<unknown>({ description: 'Absent: it is new' })),
      after: Type.Optional(Type.Unsafe<unknown>({ description: 'Absent: it is gone' })),
    }),
  ),
});

export const AuditQuery = Type.Object({
  subject: Type.Optional(
    Type.String({
      maxLength: 100,
      pattern: KEEPABLE_OR_EMPTY,
      description: 'Only of this: `programme`, `draft/<id>` or `adjustment-request/<id>`',
    }),
  ),
  cursor: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'nextCursor of the page before' }),
  ),
  limit: Limit,
});

export const AuditPage = Type.Object({
  changes: Type.Array(
    Type.Object({
      id: Type.Integer(),
      at: Instant,
      actor: Type.String({ description: 'Id of the API key, `clock`, or `erasure` where a customer was forgotten' }),
      action: Type.String(),
      subject: Type.String(),
      before: Type.Unsafe<unknown>({ description: 'null for what is new' }),
      after: Type.Unsafe<unknown>({ description: 'null for what is gone' }),
    }),
    { description: 'Newest first' },
  ),
  nextCursor: Type.Optional(Type.String()),
});
