-- Returns whether one side has rows with equal hashes. Otherwise both sides have the same number of equal rows.
select
  (select count(*) from their_row) - (select count(id_hash) from suspect)
    <> (select count(*) from our_row) - (select count(meter_id) from suspect) as repeated
