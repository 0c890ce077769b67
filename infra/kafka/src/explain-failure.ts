import { LocalKafkaError } from './local-kafka-error.ts';

/** What the explanation may name. */
export interface FailureContext {
  dataDir: string;
  port: number;
  logPath: string;
  jarDir: string;
}

/** The line in which Kafka says why, without the stack below it. */
const reasonIn = (output: string): string => {
  const lines = output.split('\n').map((line) => line.trim());
  const thrown = lines.findLast((line) => /^(?:Caused by: )?[\w.$]+(?:Exception|Error): \S/.test(line));
  return (
    thrown ??
    lines.findLast((line) => / (?:ERROR|FATAL) /.test(line)) ??
    lines.findLast((line) => line !== '') ??
    'it said nothing'
  );
};

/** Turns what Kafka printed before it gave up into one line that says what to do. */
export const explainFailure = (output: string, { dataDir, port, logPath, jarDir }: FailureContext): LocalKafkaError => {
  const said = reasonIn(output).slice(0, 300);
  if (/A fatal error has been detected by the Java Runtime/.test(output)) {
    // seen with a class archive that was cut short: Java maps it without checking all of it
    return new LocalKafkaError(
      'java_crashed',
      `Java itself crashed, perhaps over damaged files: delete ${jarDir} and start again, the jars are then fetched anew. More is in ${logPath}.`,
    );
  }
  if (/Address already in use|BindException/.test(output)) {
    return new LocalKafkaError(
      'port_in_use',
      `Kafka cannot listen on 127.0.0.1:${port}, or on the port beside it that its controller was given, since it is in use: stop what listens there or choose another port.`,
    );
  }
  if (/No space left on device|Disk quota exceeded/.test(output)) {
    return new LocalKafkaError(
      'disk_full',
      `The disk is full, Kafka cannot write to ${dataDir}: free some space and start again.`,
    );
  }
  if (/UnsupportedClassVersionError/.test(output)) {
    return new LocalKafkaError(
      'java_too_old',
      `The java on the PATH is too old for this Kafka (${said}): install a newer Java runtime.`,
    );
  }
  if (/Failed to acquire lock on file .*\.lock/.test(output)) {
    return new LocalKafkaError(
      'already_running',
      `Another Kafka uses the data in ${dataDir}: stop it, or choose another folder.`,
    );
  }
  if (
    /No MetadataVersion with feature level|does not support the current metadata|UnsupportedVersionException/.test(
      output,
    )
  ) {
    return new LocalKafkaError(
      'wrong_version',
      `The data in ${dataDir} was made by another version of Kafka (${said}): move that folder away to start empty, or use the version that made it.`,
    );
  }
  if (
    /meta\.properties|KafkaStorageException|CorruptRecordException|InconsistentClusterIdException|does not match the last generated|FaultHandlerException/.test(
      output,
    )
  ) {
    return new LocalKafkaError(
      'data_damaged',
      `The data in ${dataDir} is damaged (${said}): move that folder away to start empty. More is in ${logPath}.`,
    );
  }
  return new LocalKafkaError('start_failed', `Kafka did not start (${said}): see ${logPath}.`);
};

const SQLITE_FULL = 13;

/** Turns a failed file operation of ours into one line that says what to do; any other error stays what it is. */
export const explainFileError = (error: unknown, path: string): unknown => {
  if (!(error instanceof Error && 'code' in error) || error instanceof LocalKafkaError) return error;
  const isFull =
    error.code === 'ENOSPC' || error.code === 'EDQUOT' || ('errcode' in error && error.errcode === SQLITE_FULL);
  if (isFull) {
    return new LocalKafkaError(
      'disk_full',
      `The disk is full, ${path} cannot be written: free some space and start again.`,
      error,
    );
  }
  if (!('syscall' in error) && error.code !== 'ERR_SQLITE_ERROR') return error;
  return new LocalKafkaError(
    'start_failed',
    `${path} cannot be used as a folder for Kafka (${error.message}): choose another one.`,
    error,
  );
};
