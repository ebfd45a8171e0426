-- Rejected rows are kept for 7 days and for the latest run of the Client System $1.
delete from sync.rejected_row
where run_id in (select id from sync.run where client_system_id = $1 and finished_at < now() - interval '7 days')
  and run_id not in (
    select id
    from sync.run
    where client_system_id = $1 and status = 'succeeded'
    order by revision desc
    limit 1
  )
