import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { NodeRegistry } from '@romm-netplay/shared-state';
import type { AuthApiClient } from './auth-api-client.js';
import { assertOk, codeOf } from './auth-failure.js';

/** The node registry behind auth's internal endpoints (mode A3). */
export function createHttpNodeRegistry(auth: AuthApiClient): NodeRegistry {
  return {
    async upsert(record) {
      const { status, body } = await auth.post(AUTH_API.upsertNode.path, record);
      if (status === 409) return codeOf(body) === 'too_many_nodes' ? 'full' : 'held-by-other-node';
      assertOk(status, body);
      return 'stored';
    },
    async remove(nodeId, startedAtMs) {
      const { status, body } = await auth.post(AUTH_API.removeNode.path, { nodeId, startedAtMs });
      assertOk(status, body);
    },
    async list() {
      const { status, body } = await auth.get(AUTH_API.listNodes.path);
      assertOk(status, body);
      return AUTH_API.listNodes.reply.parse(body).nodes;
    },
  };
}
