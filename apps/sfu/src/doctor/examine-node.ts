import { type Finding, judgeReadiness, verdictOf } from '@romm-netplay/doctor';
import type { Readiness } from '@romm-netplay/protocol';
import type { NodeRegistry } from '@romm-netplay/shared-state';
import { insideFindings, type NodeFacts } from './inside-findings.js';

export interface ExamineNodeDeps {
  readonly nodeId: string;
  readonly nodes: Pick<NodeRegistry, 'list'>;
  readonly facts: Omit<NodeFacts, 'otherNodes' | 'forwardedUnseen' | 'idDisputed'>;
  /** What this node says of its components. */
  readonly readiness: () => Promise<Readiness>;
  /** Whether another process calls itself by this node's id. */
  readonly isIdDisputed: () => boolean;
  /** Looks from outside, at configured URLs only; ends within bounds. */
  readonly lookFromOutside: () => Promise<Finding[]>;
}

export interface Examination {
  readonly status: 'ok' | 'warning' | 'fault';
  readonly findings: Finding[];
}

/** Looks at this node from its own public URL and from inside (X1). One look at a time serves all who ask. */
export function createNodeExamination({
  nodeId,
  nodes,
  facts,
  readiness,
  isIdDisputed,
  lookFromOutside,
}: ExamineNodeDeps) {
  let looking: Promise<Finding[]> | undefined;
  return async ({ forwardedUnseen }: { readonly forwardedUnseen: boolean }): Promise<Examination> => {
    looking ??= lookFromOutside().finally(() => {
      looking = undefined;
    });
    const [outside, otherNodes, { components }] = await Promise.all([
      looking,
      otherNodesOf(nodes, nodeId),
      readiness(),
    ]);
    const findings = [
      // A proxy may hide it from outside, and the warnings come with the facts.
      ...outside.filter(({ check }) => check !== 'sfu-ready'),
      ...judgeReadiness('sfu', { components, warnings: [] }, { besideRomm: facts.rommIdentity }),
      ...insideFindings({ ...facts, otherNodes, forwardedUnseen, idDisputed: isIdDisputed() }),
    ];
    return { status: verdictOf(findings), findings };
  };
}

/** That the registry is away is another finding. */
async function otherNodesOf(nodes: Pick<NodeRegistry, 'list'>, nodeId: string): Promise<string[]> {
  const known = await nodes.list().catch(() => []);
  return known.map((node) => node.nodeId).filter((id) => id !== nodeId);
}
