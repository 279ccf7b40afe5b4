import { ClientOfflineError, ErrorReply, SocketClosedUnexpectedlyError } from 'redis';
import type { StateTrouble } from '../errors.js';

const ACCESS_RIGHTS = 'docs/REDIS-KEYS.md has what its user needs.';
/** It names no command, and does not say NOPERM. */
const REFUSED_SCRIPT: StateTrouble = {
  code: 'redis_not_permitted',
  message: `Redis does not permit its user what a script does. ${ACCESS_RIGHTS}`,
};

/** By the word that Redis begins a refusal with. */
const REFUSALS: Readonly<Record<string, StateTrouble>> = {
  READONLY: {
    code: 'redis_readonly',
    message: 'Redis takes no writes, since it is a replica (READONLY). REDIS_URL must lead to the master.',
  },
  MASTERDOWN: {
    code: 'redis_readonly',
    message: 'Redis is a replica that has lost its master (MASTERDOWN). REDIS_URL must lead to a master.',
  },
  OOM: {
    code: 'redis_out_of_memory',
    message: 'Redis takes no writes, since it is full (OOM). Raise its maxmemory.',
  },
  MISCONF: {
    code: 'redis_cannot_save',
    message:
      'Redis takes no writes, since it cannot save its snapshot (MISCONF). Its log says why; nothing here needs one: --save "".',
  },
  NOREPLICAS: {
    code: 'redis_few_replicas',
    message: 'Redis takes no writes, since too few of its replicas are there (NOREPLICAS).',
  },
  NOPERM: {
    code: 'redis_not_permitted',
    message: `Redis does not permit its user what is needed (NOPERM). ${ACCESS_RIGHTS}`,
  },
  NOAUTH: {
    code: 'redis_refuses_user',
    message: 'Redis wants a user and a password (NOAUTH): redis://user:password@host:6379.',
  },
  WRONGPASS: {
    code: 'redis_refuses_user',
    message: 'Redis refuses the user or the password in REDIS_URL (WRONGPASS).',
  },
  LOADING: { code: 'redis_loading', message: 'Redis is loading its data.' },
  MOVED: {
    code: 'redis_is_a_cluster',
    message: 'Redis is a Cluster (MOVED), and REDIS_URL must lead to a single one.',
  },
  CLUSTERDOWN: {
    code: 'redis_is_a_cluster',
    message: 'Redis is a Cluster (CLUSTERDOWN), and REDIS_URL must lead to a single one.',
  },
};

/** Says in a sentence what Redis, or the line to it, failed with. */
export function troubleOf(error: unknown): StateTrouble {
  if (error instanceof ErrorReply) return refusalOf(error.message);
  if (error instanceof SocketClosedUnexpectedlyError || error instanceof ClientOfflineError) {
    return {
      code: 'redis_unreachable',
      message: 'Redis cannot be reached at REDIS_URL: it closed the connection.',
    };
  }
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)
    ? { code: 'redis_unreachable', message: `Redis cannot be reached at REDIS_URL (${code}).` }
    : { code: 'redis_silent', message: 'Redis does not answer.' };
}

/** What a script was refused has the same words, not always in front. */
const WORD = new RegExp(`\\b(${Object.keys(REFUSALS).join('|')})\\b`);

function refusalOf(answer: string): StateTrouble {
  if (answer.includes("user executing the script can't")) return REFUSED_SCRIPT;
  const word = WORD.exec(answer)?.[1] ?? '';
  const command = /'([a-z]+(?:\|[a-z]+)?)' command/.exec(answer)?.[1];
  if (word === 'NOPERM' && command !== undefined) {
    return {
      code: 'redis_not_permitted',
      message: `Redis does not permit its user the command ${command} (NOPERM). ${ACCESS_RIGHTS}`,
    };
  }
  return REFUSALS[word] ?? { code: 'redis_refuses', message: 'Redis refuses a command.' };
}
