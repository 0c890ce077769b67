import cliProgress from 'cli-progress';

/** Shows how far it is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  /** `done` of `total` (bytes, or whatever is counted) and what to say beside it. */
  show: (done: number, total: number, text: string) => void;
  note: (text: string) => void;
  stop: () => void;
}

const LINE_EVERY_MS = 5_000;

/** Progress on a stream; `title` names what is going on. */
export const createProgress = (title: string, out: NodeJS.WriteStream): Progress =>
  out.isTTY ? bar(title, out) : lines(title, out);

const bar = (title: string, out: NodeJS.WriteStream): Progress => {
  const single = new cliProgress.SingleBar(
    { format: `${title} [{bar}] {percentage}% {text}`, stream: out, hideCursor: true, fps: 8, clearOnComplete: false },
    cliProgress.Presets.shades_classic,
  );
  let started = false;
  return {
    show: (done, total, text) => {
      if (!started) single.start(total, done, { text });
      started = true;
      single.setTotal(total);
      single.update(done, { text });
    },
    note: (text) => void (started ? single.update({ text }) : out.write(`${text}\n`)),
    stop: () => {
      if (started) single.stop();
      started = false;
    },
  };
};

const lines = (title: string, out: NodeJS.WriteStream): Progress => {
  let next = performance.now() + LINE_EVERY_MS;
  let last: string | undefined;
  return {
    show: (done, total, text) => {
      last = `${title} ${total > 0 ? Math.floor((100 * done) / total) : 100}% ${text}`;
      if (performance.now() < next) return;
      next = performance.now() + LINE_EVERY_MS;
      out.write(`${last}\n`);
    },
    note: (text) => void out.write(`${text}\n`),
    stop: () => {
      if (last) out.write(`${last}\n`);
      last = undefined;
    },
  };
};
