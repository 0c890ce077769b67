/** pnpm breaks long lines and draws boxes around them: one line again, so that patterns find what was torn apart. */
const onOneLine = (output) => output.replace(/[│├─▶╰×\s]+/g, ' ');

const NETWORK = new RegExp(
  [
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'ENETUNREACH',
    'EHOSTUNREACH',
    'ERR_SOCKET_TIMEOUT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_\\w+',
    'CERT_\\w+',
    'Connection refused',
    'Connection reset',
    'timed out',
    'dns error',
    'invalid peer certificate',
    'error sending request',
  ].join('|'),
);

/**
 * Turns the output of a failed installation into one line that says what to do.
 * @param root where Vafa is
 * @param pnpm the package manager with its version, as npx is told it
 * @returns undefined when it is nothing known, and the output itself must be shown
 */
export const explainInstallFailure = (output, root, pnpm) => {
  const text = onOneLine(output);
  if (/ENOSPC|No space left on device|EDQUOT|quota exceeded/i.test(text)) {
    return `The disk is full: free about 1 GB where ${root} and the home folder are, and start again.`;
  }
  if (/ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_NO_LOCKFILE/.test(text)) {
    return `pnpm-lock.yaml does not fit the package.json files: run "npx --yes ${pnpm} install" and commit pnpm-lock.yaml with them.`;
  }
  if (/\bE40[137]\b|40[137] (?:Unauthorized|Forbidden|Proxy Authentication)|status (?:code )?40[137]/.test(text)) {
    return 'The package registry refuses access: check what "npm config get registry" names, and the credentials for it in .npmrc.';
  }
  const network = NETWORK.exec(text);
  if (network) {
    return `The package registry cannot be reached (${network[0]}): check the network, the proxy settings, and what "npm config get registry" names, then start again.`;
  }
  if (/\bE404\b|ERR_PNPM_FETCH_404|404 Not Found|No matching version|ETARGET/.test(text)) {
    return 'The package registry lacks a package that Vafa needs: check what "npm config get registry" names, it must hold all public packages.';
  }
  if (/EACCES|EPERM|EROFS|Permission denied|Read-only file system|Operation not permitted/.test(text)) {
    return `This user may not write the packages: check who owns ${root}/node_modules and the home folder (left over from a start as root?), then start again.`;
  }
  return undefined;
};
