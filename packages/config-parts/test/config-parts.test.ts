import { defineConfig, password, toConfigKeyInfos } from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { partProblems } from '../src/config-parts.ts';

test('a mask is no password of a transform that a worker has announced', () => {
  const announced: PluginInfo[] = [
    {
      class: 'com.acme.Sign',
      aliases: [],
      type: 'transformation',
      version: '1.0.0',
      configKeys: toConfigKeyInfos(defineConfig({ pin: password() }).keys),
    },
  ];
  const config = { transforms: 's', 'transforms.s.type': 'com.acme.Sign' };
  expect(partProblems({ ...config, 'transforms.s.pin': '1234' }, announced)).toEqual([]);
  expect(partProblems({ ...config, 'transforms.s.pin': '[hidden]' }, announced)).toEqual([
    {
      key: 'transforms.s.pin',
      message:
        'Invalid value [hidden] for configuration transforms.s.pin: it stands for a password; give that',
    },
  ]);
});
