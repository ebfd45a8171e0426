-- The planner estimates how many meters contain a word by the values that ANALYZE has sampled. With 100 of them it took a word of
-- one meter in 200 for one of 5,000, and then fetched and sorted all meters that it found, or read the list in its order in vain.
ALTER TABLE "sync"."meter_listing" ALTER COLUMN "words" SET STATISTICS 1000;
