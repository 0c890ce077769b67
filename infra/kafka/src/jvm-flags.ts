import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.ts';

/** Classes as Java keeps them ready to be mapped; made once for the jars beside it. */
export const classArchiveOf = (jarDir: string): string => join(jarDir, 'classes.jsa');

const FLAGS = [
  '-Xmx512m',
  // C1 alone and a collector without threads of its own: quicker to start, and the second core stays free for the tests
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  // Out of memory is a crash, not a half-dead broker.
  '-XX:+ExitOnOutOfMemoryError',
  '-XX:-CreateCoredumpOnCrash',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
  // An archive of another Java is passed over without a word: the start is slower, and that is all.
  '-Xshare:auto',
  '-Xlog:cds=off',
  '-Xlog:cds+dynamic=off',
];

/** What comes before the name of the class, for the broker and for the tool that formats its storage. */
export const javaArguments = (place: Place, jarDir: string, more: string[] = []): string[] => {
  const archive = classArchiveOf(jarDir);
  const mapped = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
  return [...FLAGS, `-XX:ErrorFile=${place.crashPath}`, ...mapped, ...more, '-cp', join(jarDir, '*')];
};
