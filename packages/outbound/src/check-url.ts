import { OutboundError } from './errors.js';

/** Ports on which a request, however harmless, would be read by something that is not HTTP. */
const BLOCKED_PORTS = new Set([
  '0',
  ...['21', '22', '23', '25', '53', '110', '111', '143', '389', '445', '465', '587', '636', '993', '995'],
  ...['1433', '2049', '2375', '3306', '3389', '5432', '5672', '6379', '9042', '11211', '26379', '27017'],
]);

/** Everything about a URL that can be judged without asking the network. @throws OutboundError */
export function checkUrl(text: string, allowHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new OutboundError('url_invalid');
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:'))
    throw new OutboundError('scheme_refused');
  if (url.username !== '' || url.password !== '') throw new OutboundError('credentials_refused');
  if (BLOCKED_PORTS.has(url.port)) throw new OutboundError('port_refused');
  return url;
}
