/** What Postgres spends: round trips that one side saves are CPU that the database has for others. Linux only. */
import { readFile } from 'node:fs/promises'
import type pg from 'pg'

/** Clock ticks of /proc, on every Linux there is; milliseconds. */
const TICK = 10

/** CPU of all processes of the server since it began, user and system; milliseconds. Zero where there is no /proc. */
export async function databaseCpu(superuser: pg.Client): Promise<number> {
  const { rows } = await superuser.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
  const live = await Promise.all(rows.map(({ pid }) => readTimes(pid)))
  const [{ parent = 0 } = {}] = live
  // Those that have ended are in the times their parent waited for.
  const ended = (await readTimes(parent)).waited
  return live.reduce((sum, { own }) => sum + own, ended) * TICK
}

/** proc(5): of what stands behind the name in parentheses, `ppid` is the second, `utime` the 12th, and so on. */
async function readTimes(pid: number): Promise<{ parent: number; own: number; waited: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (place: number) => Number(fields[place - 1] ?? 0)
  return { parent: at(2), own: at(12) + at(13), waited: at(14) + at(15) }
}
