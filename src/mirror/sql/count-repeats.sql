-- Whether one side has rows more than once. Otherwise the numbers of equal rows are the same on both sides.
select
  (select count(*) from their_row) - (select count(id_hash) from suspect)
    <> (select count(*) from our_row) - (select count(meter_id) from suspect) as repeated
