import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly fingerprint: string;
}

/** A CA, a certificate it signed for `name`, and a self-signed one for another name. */
export function makeCertificates(name: string) {
  const dir = mkdtempSync(join(tmpdir(), 'outbound-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const selfSigned = (id: string, subject: string): Certificate => {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${id}.key`,
      '-out',
      `${id}.crt`,
      '-subj',
      `/CN=${subject}`,
    );
    return read(id);
  };
  const read = (id: string): Certificate => {
    const cert = readFileSync(join(dir, `${id}.crt`), 'utf8');
    const key = readFileSync(join(dir, `${id}.key`), 'utf8');
    return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 };
  };
  try {
    const ca = selfSigned('ca', 'Test CA');
    openssl('req', ...newKey.slice(0, -2), '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=leaf');
    writeFileSync(join(dir, 'san'), `subjectAltName=DNS:${name},IP:127.0.0.1`);
    const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'san'];
    openssl('x509', '-req', '-in', 'leaf.csr', '-out', 'leaf.crt', ...sign);
    return { ca, leaf: read('leaf'), other: selfSigned('other', 'somebody.else') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
