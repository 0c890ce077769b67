import { ask, int32, int64, list, text } from './wire.ts';

const LIMIT_MS = 2_000;
const METADATA = { key: 3, version: 1 };
const LIST_OFFSETS = { key: 2, version: 1 };
const ALL_TOPICS = int32(-1);
const CONSUMER = int32(-1);
const END_OF_LOG = int64(-1n);

interface Topic {
  name: string;
  partitions: number[];
}

interface ClusterView {
  aliveBrokers: number;
  topics: Topic[];
  everyPartitionHasLeader: boolean;
}

const readClusterView = async (address: { host: string; port: number }): Promise<ClusterView> => {
  const answer = await ask(address, METADATA, ALL_TOPICS, LIMIT_MS);
  const brokers = answer.list(() => [answer.int32(), answer.text(), answer.int32(), answer.text()]);
  answer.int32(); // controller
  let everyPartitionHasLeader = true;
  const topics = answer.list(() => {
    if (answer.int16() !== 0) everyPartitionHasLeader = false;
    const name = answer.text();
    answer.int8(); // internal
    const partitions = answer.list(() => {
      const errorCode = answer.int16();
      const partition = answer.int32();
      const leader = answer.int32();
      answer.list(() => answer.int32()); // replicas
      answer.list(() => answer.int32()); // in sync
      if (errorCode !== 0 || leader < 0) everyPartitionHasLeader = false;
      return partition;
    });
    return { name, partitions };
  });
  return { aliveBrokers: brokers.length, topics, everyPartitionHasLeader };
};

/** Asks the broker for the end of every partition, which only the one that acts as its leader tells. */
const leadsAll = async (address: { host: string; port: number }, topics: Topic[]): Promise<boolean> => {
  const wanted = list(topics, ({ name, partitions }) => [
    text(name),
    list(partitions, (partition) => [int32(partition), END_OF_LOG]),
  ]);
  const answer = await ask(address, LIST_OFFSETS, Buffer.concat([CONSUMER, wanted]), LIMIT_MS);
  const errorCodes = answer.list(() => {
    answer.text();
    return answer.list(() => {
      answer.int32();
      const errorCode = answer.int16();
      answer.int64(); // time
      answer.int64(); // offset
      return errorCode;
    });
  });
  return errorCodes.flat().every((errorCode) => errorCode === 0);
};

/**
 * Does the one broker here answer for all of its partitions? An open port is not enough: a broker listens before the
 * controller has let it in, then it knows of itself, and only after that it takes up the lead of its partitions;
 * until then clients are told that it is not their leader.
 */
export const answersAsKafka = async (port: number, host = '127.0.0.1'): Promise<boolean> => {
  try {
    const { aliveBrokers, topics, everyPartitionHasLeader } = await readClusterView({ host, port });
    return aliveBrokers > 0 && everyPartitionHasLeader && (await leadsAll({ host, port }, topics));
  } catch {
    return false; // not there yet, or no Kafka: the caller asks again until its time is up
  }
};
