/** What differs from one broker to the next. */
export interface BrokerSettings {
  port: number;
  controllerPort: number;
  dataDir: string;
  extraConfig?: Record<string, string>;
}

/** Keys that the launcher relies on: overriding them would break how the broker is found, or open it to the network. */
const OURS = [
  'process.roles',
  'node.id',
  'listeners',
  'advertised.listeners',
  'controller.listener.names',
  'controller.quorum.bootstrap.servers',
  'log.dirs',
];

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/**
 * The text of server.properties for one broker that is its own controller.
 * @throws TypeError when `extraConfig` names a key of the launcher's
 */
export const serverProperties = ({ port, controllerPort, dataDir, extraConfig = {} }: BrokerSettings): string => {
  const taken = Object.keys(extraConfig).find((key) => OURS.includes(key));
  if (taken !== undefined) throw new TypeError(`extraConfig may not set ${taken}: the launcher does`);
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,
    // there is one broker
    'default.replication.factor': '1',
    'min.insync.replicas': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // the first group of a broker waits for these topics: 50 partitions each are for clusters
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.num.partitions': '4',
    // nobody is waited for: members of a test's group come one by one
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // A typo in a topic's name must fail here as it would in production.
    'auto.create.topics.enable': 'false',
    // After kill -9 the controller refuses the new broker until the session of the dead one is over, and the broker asks
    // every 2 s: a start that took 12 s with the default of 9 s takes 4 s.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    // the default takes 128 MB, a quarter of our heap, as soon as there is a compacted topic
    'log.cleaner.dedupe.buffer.size': '8388608',
    'num.network.threads': '2',
    'num.io.threads': '4',
    ...extraConfig,
  };
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${escaped(value)}`);
  return `${lines.join('\n')}\n`;
};
