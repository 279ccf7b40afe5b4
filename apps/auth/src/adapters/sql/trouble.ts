import { causesOf } from '@romm-netplay/service-kit';
import pg from 'pg';
import { AuthError } from '../../errors.js';

/** What is wrong with the database in a sentence that is fit for anybody: no address, no name, nothing it answered. */
export interface DatabaseTrouble {
  /** For programs. */
  readonly code: string;
  readonly message: string;
}

/** By the SQLSTATE, or the first two of its signs, that PostgreSQL refuses with. */
const REFUSALS: Readonly<Record<string, DatabaseTrouble>> = {
  '28P01': {
    code: 'database_refuses_user',
    message: 'PostgreSQL refuses the user or the password in DATABASE_URL (28P01).',
  },
  '28000': {
    code: 'database_refuses_user',
    message:
      'PostgreSQL does not let the user in DATABASE_URL in (28000): there is none of this name, or its pg_hba.conf keeps it out.',
  },
  '3D000': {
    code: 'database_missing',
    message:
      'PostgreSQL has no database of the name in DATABASE_URL (3D000): create it, or correct the name.',
  },
  '42501': {
    code: 'database_not_permitted',
    message:
      'PostgreSQL does not permit its user to work in this database (42501). Make it the owner: ALTER DATABASE … OWNER TO …, or GRANT ALL ON SCHEMA public TO ….',
  },
  '53300': {
    code: 'database_full',
    message: 'PostgreSQL has no connection left (53300). Raise its max_connections, or end other programs.',
  },
  '57P03': { code: 'database_starting', message: 'PostgreSQL is starting (57P03).' },
  '25006': {
    code: 'database_readonly',
    message:
      'PostgreSQL takes no writes, since it is a replica (25006). DATABASE_URL must lead to the primary.',
  },
  '53': { code: 'database_full', message: 'PostgreSQL has no room or memory left; its log says which.' },
  '57': { code: 'database_stops', message: 'PostgreSQL has ended the connection: somebody stops it.' },
};

/** Says in a sentence what the database, or the line to it, failed with; undefined for what nobody foresaw. */
export function databaseTroubleOf(error: unknown): DatabaseTrouble | undefined {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const refusal = REFUSALS[code] ?? REFUSALS[code.slice(0, 2)];
  if (refusal !== undefined) return refusal;
  if (/^E[A-Z_]+$/.test(code)) {
    return {
      code: 'database_unreachable',
      message: `PostgreSQL cannot be reached at DATABASE_URL (${code}). Is it running, and are host and port right?`,
    };
  }
  // The library says these without a code.
  if (/SSL/.test(message)) {
    return {
      code: 'database_tls',
      message: 'PostgreSQL and DATABASE_URL do not agree on TLS; see its parameter sslmode.',
    };
  }
  if (/password must be a string/.test(message)) return REFUSALS['28P01'];
  if (/certificate/.test(message)) {
    return { code: 'database_tls', message: 'The certificate of PostgreSQL is not believed here.' };
  }
  return /timeout|terminated|connection error|ended the connection/i.test(message)
    ? { code: 'database_silent', message: 'PostgreSQL does not answer.' }
    : undefined;
}

/** The same of an error from wherever in the service; undefined for those that did not come of the database. */
export function databaseTroubleIn(error: unknown): DatabaseTrouble | undefined {
  for (const each of causesOf(error)) {
    if (each instanceof AuthError && each.code === 'database_unavailable') {
      const said = each.cause === undefined ? undefined : databaseTroubleOf(each.cause);
      return said ?? { code: each.code, message: 'The database does not answer.' };
    }
    if (each instanceof pg.DatabaseError) return databaseTroubleOf(each);
  }
  return undefined;
}
