-- A worker was lost while it held the run, or could not stop it: the next attempt is made in a process of its own, so that a run that
-- kills its process takes no other with it a second time.
ALTER TABLE worker.runs ADD COLUMN suspect boolean NOT NULL DEFAULT false;
