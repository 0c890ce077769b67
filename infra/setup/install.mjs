// Installs what Vafa needs, if anything changed. Runs under the Node of the host, before there is any package.
// biome-ignore-all lint/style/useNodejsImportProtocol: an old Node must get as far as the line that says so
// biome-ignore-all lint/style/noProcessEnv: the installation inherits the environment of the host, apart from a few names
import { execFileSync, spawn } from 'child_process';
import { existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'fs';
import { dirname, join, resolve } from 'path';
import { fileURLToPath } from 'url';
import { explainInstallFailure } from './explain-install-failure.mjs';
import { installedStamp, isInPlace } from './installed-stamp.mjs';

const PNPM = 'pnpm@12.21.0';
const OLDEST_NODE = 20;
const VAFA_NODE = 26;
const OUTPUT_LIMIT_CHARS = 200000;
const SHOWN_LINES = 20;
const PROGRESS_TERMINAL_MS = 500;
const PROGRESS_LOG_MS = 10000;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const stampPath = join(root, 'node_modules/.vafa-installed');
const nodePath = join(root, 'node_modules/.bin/node');
const isWindows = process.platform === 'win32';
const isTerminal = Boolean(process.stderr.isTTY);
const say = (text) => process.stderr.write(text);

const fail = (line) => {
  say(`Vafa cannot be installed. ${line}\n`);
  process.exit(1);
};

const majorOf = (version) => Number(/^v?(\d+)/.exec(version)[1]);

const nodeRuns = () => {
  try {
    const version = execFileSync(nodePath, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return majorOf(version) >= VAFA_NODE;
  } catch {
    return false; // whatever the reason, it is of no use
  }
};

/** npm looks for `node` in node_modules/.bin first: half an installation there would break every later command. */
const dropBrokenNode = () => {
  try {
    if (!nodeRuns()) unlinkSync(nodePath);
  } catch (error) {
    if (error.code !== 'ENOENT') say(`${nodePath} is broken and cannot be removed: ${error.message}\n`);
  }
};

const environment = () => {
  // CI: pnpm asks no questions. The others would leave out Node 26 itself, a devDependency.
  const env = Object.assign({}, process.env, { CI: 'true' });
  for (const name of ['NODE_ENV', 'npm_config_omit', 'npm_config_production', 'npm_config_only']) delete env[name];
  return env;
};

/** Says that something is happening: in place on a terminal, as a line now and then in a log. */
const startProgress = () => {
  const startedAt = Date.now();
  let state = '';
  const show = () => {
    const line = `Installing packages, ${Math.round((Date.now() - startedAt) / 1000)} s${state ? `: ${state}` : ''}`;
    say(isTerminal ? `\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}` : `${line}\n`);
  };
  say('Installing packages (a minute or two the first time)\n');
  const timer = setInterval(show, isTerminal ? PROGRESS_TERMINAL_MS : PROGRESS_LOG_MS);
  return {
    hear(text) {
      const lines = text.match(/(?:Progress: resolved|Downloading |Will retry in).*/g);
      if (lines) state = lines[lines.length - 1].replace('Progress: ', '');
    },
    end() {
      clearInterval(timer);
      if (isTerminal) say('\r\x1b[K');
      return ((Date.now() - startedAt) / 1000).toFixed(1);
    },
  };
};

const install = () =>
  new Promise((done) => {
    const progress = startProgress();
    let output = '';
    const hear = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_LIMIT_CHARS);
      progress.hear(String(chunk));
    };
    // Without a registry npx gives up after seconds instead of more than a minute; what it has, it doesn't ask for again.
    const patience = ['--prefer-offline', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
    const child = spawn('npx', ['--yes', ...patience, PNPM, 'install', '--frozen-lockfile'], {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: isWindows, // npx is a batch file there
      detached: !isWindows, // a group of its own, so that pnpm can be ended with npx
    });
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const end = (result) => done(Object.assign({ output, seconds: progress.end() }, result));
    child.on('error', (error) => end({ ok: false, missing: error.code === 'ENOENT' }));
    let interrupted = false;
    child.on('close', (code) => end({ ok: code === 0, missing: false, interrupted }));
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => {
        interrupted = true;
        if (child.exitCode !== null) return;
        if (isWindows) child.kill();
        else process.kill(-child.pid, signal);
      });
    }
  });

const explain = ({ output, missing }) => {
  if (missing) return 'npx is missing: install npm (it comes with Node from nodejs.org), and start again.';
  const line = explainInstallFailure(output, root, PNPM);
  if (line) return line;
  const last = output.trim().split('\n').slice(-SHOWN_LINES).join('\n');
  return `What pnpm said last:\n${last}\nIf this says nothing to you: remove the node_modules folders and start again.`;
};

const main = async () => {
  if (majorOf(process.version) < OLDEST_NODE) {
    fail(`It needs Node ${OLDEST_NODE} or newer, this is ${process.version}: install a newer one from nodejs.org.`);
  }
  const stamp = installedStamp(root, `${PNPM} ${process.platform} ${process.arch}`);
  const known = existsSync(stampPath) ? readFileSync(stampPath, 'utf8').trim() : '';
  if (known === stamp && isInPlace(root)) return;

  const result = await install();
  if (!result.ok) {
    dropBrokenNode();
    if (result.interrupted) process.exit(130);
    fail(explain(result));
  }
  if (!nodeRuns()) {
    dropBrokenNode();
    fail(
      `There is no Node ${VAFA_NODE} for ${process.platform} ${process.arch} in the package "node", or it does not run here (it needs glibc): use another machine.`,
    );
  }
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, `${stamp}\n`);
  say(`Packages installed in ${result.seconds} s\n`);
};

main().catch((error) => fail(explainInstallFailure(String(error.message), root, PNPM) || error.stack));
