import assert from 'node:assert/strict'
import { test } from 'node:test'
import { confirms } from '../../../web/src/ui/confirm.ts'

test('a number is confirmed only by typing it, with or without separators', () => {
  for (const typed of ['1234', ' 1234 ', '1,234', '1 234', '1.234', "1'234"]) assert.ok(confirms(typed, 1234), typed)
  for (const typed of ['', '123', '12345', '12,34', '1234x', '-1234', '1e3', '1,2,3,4'])
    assert.equal(confirms(typed, 1234), false, typed)
})
