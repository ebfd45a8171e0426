-- Returns whether two rows of one side have equal hashes. The rows that are no suspects are equal on both sides, so without such
-- repeats both sides have the same number of them.
select
  (select count(*) from their_row) - (select count(id_hash) from suspect)
    <> (select count(*) from our_row) - (select count(meter_id) from suspect) as repeated
