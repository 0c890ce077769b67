DROP FUNCTION bus.log_append(text[], int[], text[], text[], text[], bytea[]);
--> statement-breakpoint
-- Appends records to their partitions with dense offsets. `topics`, `partitions` and `counts` say how many records each
-- partition gets; the records follow, all of the first partition first: `places` says of each which one it is of those
-- three lists (from 1). The counter rows are taken in the order of the lists, which must be the same for every caller (no
-- deadlock), and stay locked until the commit, so commit order is offset order and a rollback leaves no hole. Call it as
-- the last statement of a short transaction: the locks hold up every other writer of those partitions.
CREATE FUNCTION bus.log_append(
  topics text[], partitions int[], counts int[],
  places int[], keys text[], header_texts text[], texts text[], byte_values bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  base bigint;
  before bigint := 0;
  -- What makes the offset of a record out of its number among all of them.
  shifts bigint[] := '{}';
  appended bigint;
BEGIN
  FOR i IN 1 .. cardinality(topics) LOOP
    UPDATE bus.log_partition AS p SET next_offset = p.next_offset + counts[i]
      WHERE p.topic = topics[i] AND p.partition = partitions[i]
      RETURNING p.next_offset - counts[i] INTO base;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'topic % has no partition %', topics[i], partitions[i] USING ERRCODE = 'P0002';
    END IF;
    shifts := shifts || (base - before - 1);
    before := before + counts[i];
  END LOOP;

  INSERT INTO bus.log_record (topic, partition, record_offset, key, headers, value, value_bytes)
  SELECT topics[r.place], partitions[r.place], shifts[r.place] + r.n, r.key, r.headers, r.value, r.value_bytes
  FROM unnest(places, keys, header_texts, texts, byte_values)
    WITH ORDINALITY AS r(place, key, headers, value, value_bytes, n);
  GET DIAGNOSTICS appended = ROW_COUNT;
  IF appended <> before THEN
    RAISE EXCEPTION '% records were counted, % came', before, appended USING ERRCODE = '22023';
  END IF;
  RETURN appended;
END
$$;
