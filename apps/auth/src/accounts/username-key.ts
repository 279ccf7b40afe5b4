import { cleanName } from '@romm-netplay/protocol';

/** Names with one key are one name: "Ada", "ada" and full-width letters must not be told apart by eye alone. */
export const usernameKey = (username: string): string => cleanName(username).toLowerCase();
