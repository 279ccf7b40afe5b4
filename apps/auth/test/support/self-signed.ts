import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate for 127.0.0.1 that no public authority knows. */
export function selfSigned() {
  const cwd = mkdtempSync(join(tmpdir(), 'netplay-certificate-'));
  try {
    const made = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    const named = ['-subj', '/CN=here', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', ...made, ...named, '-keyout', 'key', '-out', 'cert'], {
      cwd,
      stdio: 'pipe',
    });
    const cert = readFileSync(join(cwd, 'cert'), 'utf8');
    const fingerprint = new X509Certificate(cert).fingerprint256;
    return { cert, key: readFileSync(join(cwd, 'key'), 'utf8'), fingerprint };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
