export type {
  MailBehaviour,
  MailBehaviourInput,
  MailBehaviourKind,
  MailChaos,
  MailScript,
} from './chaos/mail-script.ts';
export { parseChaos, type SandboxChaos } from './chaos/sandbox-chaos.ts';
export type {
  Delivery,
  SmsBehaviour,
  SmsBehaviourInput,
  SmsBehaviourKind,
  SmsCalls,
  SmsChaos,
} from './chaos/sms-behaviour.ts';
export type { SmsScript } from './chaos/sms-script.ts';
export type { FakeMail } from './fake-mail.ts';
export type { FakeSms } from './fake-sms.ts';
export type { Inbox, InboxFilter, InboxMessage } from './inbox/inbox.ts';
export type { MessageView } from './inbox/message-view.ts';
export type { SandboxLog } from './log.ts';
export type { MailRecord } from './mail/mail-record.ts';
export { type RecordLine, readRecordFile } from './record-file.ts';
export type { SmsRecord } from './sms/message-book.ts';
export type { MessageStatus } from './sms/status-codes.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './start-sandbox.ts';
