import { expect, test } from 'vitest';
import { explainFailure, explainFileError } from './explain-failure.ts';

const context = { dataDir: '/data', port: 9092, logPath: '/broker.log', jarDir: '/jars' };

test.each([
  [
    'org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:9092: Address already in use.',
    'port_in_use',
  ],
  ['java.io.IOException: No space left on device', 'disk_full'],
  ['java.lang.UnsupportedClassVersionError: kafka/Kafka has been compiled by a more recent version', 'java_too_old'],
  ['org.apache.kafka.common.KafkaException: Failed to acquire lock on file .lock in /data.', 'already_running'],
  ['java.lang.IllegalArgumentException: No MetadataVersion with feature level 99.', 'wrong_version'],
  ['java.lang.RuntimeException: No readable meta.properties files found.', 'data_damaged'],
  ['# A fatal error has been detected by the Java Runtime Environment:', 'java_crashed'],
  ['something new', 'start_failed'],
])('%j is %s', (output, code) => {
  const error = explainFailure(output, context);
  expect(error.code).toBe(code);
  expect(error.message).not.toContain('\n');
});

test('names the thrown reason and not the stack below it', () => {
  const output =
    '[main] ERROR kafka.Kafka$ - Exiting Kafka due to fatal exception\njava.lang.IllegalStateException: the cause\n\tat kafka.Kafka.main(Kafka.scala:81)\n';
  expect(explainFailure(output, context).message).toContain('java.lang.IllegalStateException: the cause');
  expect(explainFailure(output, context).message).not.toContain('Kafka.scala');
});

test('a full disk of ours is named, an error that has nothing to do with files stays what it is', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' });
  expect(explainFileError(full, '/data')).toMatchObject({ code: 'disk_full' });
  const fullForSqlite = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
  expect(explainFileError(fullForSqlite, '/data')).toMatchObject({ code: 'disk_full' });
  const other = new TypeError('ours');
  expect(explainFileError(other, '/data')).toBe(other);
});
