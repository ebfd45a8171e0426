-- Finds the most frequent reason of the rejected rows, with the number of its rows and the external id of one of them.
select c.reason, count(*)::float8 as rows, left(min(coalesce(s.external_id, s.cut_id)), 200) as example
from change c
join staging s on s.ctid = c.staged
where c.operation = 'reject'
group by c.reason
order by count(*) desc, c.reason
limit 1
