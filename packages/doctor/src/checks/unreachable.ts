import type { Finding } from '@romm-netplay/protocol';
import { fault } from '../findings.js';
import type { NoAnswer } from '../http.js';
import { isLoopback } from '../urls.js';

const REASONS: Record<NoAnswer['reason'], readonly [what: string, fix: string]> = {
  dns: ['The name of the host is not known', 'Check the spelling of the URL, or add the name to your DNS.'],
  refused: [
    'Nothing listens there',
    'Start the service, check the port, and check that the firewall lets it through.',
  ],
  tls: [
    'The TLS certificate is not accepted',
    'Renew the certificate, serve its whole chain, and use the name it was made for.',
  ],
  timeout: [
    'No answer came in time',
    'Check that the service runs and that the proxy leads to it; a firewall that drops packets looks like this too.',
  ],
  cut: [
    'The connection was cut without an answer',
    'Check that this port speaks HTTP, and https if the URL says so; and the error log of the proxy.',
  ],
};

/** Of a CA that this machine does not know, which is no fault for players whose machines do. */
const UNKNOWN_CA = /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)/;
const KNOW_THE_CA =
  'Take a certificate that browsers accept, or let this machine know your CA: NODE_EXTRA_CA_CERTS=root.crt before the command. The root of Caddy ("tls internal") is pki/authorities/local/root.crt in its data directory, in its container /data/caddy/pki/authorities/local/root.crt; browsers of players need it as well.';
const IN_A_CONTAINER =
  'In a container, this name is the container itself: there, run the doctor with the address that players use.';

/** Nobody answers at a URL, and why. */
export function unreachable(check: string, url: string, { reason, code }: NoAnswer): Finding {
  const [what, fix] = REASONS[reason];
  const advice = [
    UNKNOWN_CA.test(code) ? KNOW_THE_CA : fix,
    ...(reason === 'refused' && isLoopback(url) ? [IN_A_CONTAINER] : []),
  ];
  return fault(check, `${url}: ${what} (${code}).`, advice.join(' '));
}
