import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import { type Disposers, eventually } from '@romm-netplay/testing';
import { startNode, type TestNode } from './node.js';

export type NodesOverState = [
  openState: () => Promise<SharedState>,
  change?: ((state: SharedState) => SharedState) | undefined,
  config?: Parameters<typeof startNode>[0],
];

/** Two nodes over one state; `change` puts something else in the place of a part of it, for the first. */
export async function startNodesOver(
  disposers: Disposers,
  ...[openState, change = (state) => state, config = {}]: NodesOverState
): Promise<{ a: TestNode; b: TestNode; state: SharedState }> {
  const [first, second] = [await openState(), await openState()];
  const a = disposers.use(await startNode({ nodeId: 'node-a', ...config }, { state: change(first) }));
  const b = disposers.use(await startNode({ nodeId: 'node-b', ...config }, { state: second }));
  await eventually(async () => (await second.nodes.list()).length === 2);
  return { a, b, state: second };
}

export const memory = (): (() => Promise<SharedState>) => {
  const state = createMemoryState();
  return () => Promise.resolve(state);
};

export const urlOf = async (state: SharedState, nodeId: string): Promise<string | undefined> =>
  (await state.nodes.list()).find((node) => node.nodeId === nodeId)?.url;
