import { ASKED, type ServiceUrls } from './options.ts';
import { ReplayError } from './replay-error.ts';

/**
 * Where the services are: on the gateway's host at the ports after its own, as `npm start` puts them, unless given.
 * @throws ReplayError when an address is none
 */
export const serviceUrlsOf = (
  gatewayUrl: string,
  given: Partial<Record<keyof ServiceUrls, string | undefined>> = {},
): ServiceUrls => {
  const gateway = readUrl(gatewayUrl);
  const port = Number(gateway.port || (gateway.protocol === 'https:' ? 443 : 80));
  const entries = ASKED.map((name, place) => {
    const own = given[name];
    if (own) return [name, trim(readUrl(own))];
    const url = new URL(gateway);
    if (place > 0) url.port = String(port + place);
    return [name, trim(url)];
  });
  return Object.fromEntries(entries) as ServiceUrls;
};

const readUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new ReplayError(`"${text}" is no http(s) address`);
};

const trim = (url: URL): string => url.href.replace(/\/+$/, '');
