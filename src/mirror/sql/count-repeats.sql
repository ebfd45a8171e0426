-- Whether one side has rows more than once that the other side has: of those that are the same both have as many else.
select
  (select count(*) from their_row) - (select count(id_hash) from suspect)
    <> (select count(*) from our_row) - (select count(meter_id) from suspect) as repeated
