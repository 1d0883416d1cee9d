%% A tree of supervisors and workers, and what is done to it, one step after another.
-module(supervisors).
-behaviour(supervisor).
-export([run/1, init/1, start_child/3]).
-import(differential, [settle/0, log/2, entry/1, reason/1, text/1, pid/1, index/1, add/3, next/1]).

run([Root, Steps]) ->
    Parent = spawn(fun() -> process_flag(trap_exit, true), parent(undefined) end),
    Parent ! {start, Root},
    settle(),
    entry("step"),
    [step(Parent, Step) || Step <- Steps].

parent(Root) ->
    receive
        {start, [Id | _] = Sup} ->
            {Result, Pid} = case start_child(Id, [supervisor, Sup], "root") of
                {ok, P} -> {"ok", P};
                {error, Reason} -> {["error ", reason(Reason)], undefined}
            end,
            log(result, ["started ", Result]),
            parent(Pid);
        {do, Step} -> log(result, result(catch_exit(fun() -> do(Step) end))), parent(Root);
        {'EXIT', Root, Reason} -> log(parent, ["EXIT ", reason(Reason)]), parent(Root);
        {'EXIT', _, _} -> parent(Root)
    end.

catch_exit(Do) ->
    try Do() catch exit:{Reason, {_, _, _}} -> {exit, Reason}; exit:Reason -> {exit, Reason} end.

step(_Parent, [signal, Id, Reason, Mark]) ->
    case pid(Id) of undefined -> ok; Pid -> exit(Pid, differential:reason_of(Reason)) end,
    done(Mark);
step(Parent, [parent, Reason, Mark]) -> Parent ! {do, [signal, s0, Reason]}, done(Mark);
step(Parent, Step) -> Parent ! {do, Step}, done(step).

done(Mark) -> settle(), entry(text(Mark)).

do([signal, Id, Reason]) -> with(Id, fun(Pid) -> exit(Pid, differential:reason_of(Reason)), ok end);
do([stop, Id, Reason]) ->
    with(Id, fun(Pid) -> gen_server:cast(Pid, {stop, differential:reason_of(Reason)}) end);
do([crash, Id]) -> with(Id, fun(Pid) -> gen_server:cast(Pid, crash) end);
do([throw, Id]) -> with(Id, fun(Pid) -> gen_server:cast(Pid, throw) end);
do([start, dy]) -> with(dy, fun(Sup) -> supervisor:start_child(Sup, []) end);
do([start, Id, Child]) ->
    with(Id, fun(Sup) -> supervisor:start_child(Sup, spec(Child, index(Sup))) end);
do([terminate, dy, Id]) ->
    with(dy, fun(Sup) -> with(Id, fun(Pid) ->
        case is_process_alive(Pid) of
            true -> supervisor:terminate_child(Sup, Pid);
            false -> ok
        end end) end);
do([terminate, Sup, Id]) -> with(Sup, fun(Pid) -> supervisor:terminate_child(Pid, Id) end);
do([restart, Sup, Id]) -> with(Sup, fun(Pid) -> supervisor:restart_child(Pid, Id) end);
do([delete, Sup, Id]) -> with(Sup, fun(Pid) -> supervisor:delete_child(Pid, Id) end);
do([which, dy]) ->
    with(dy, fun(Sup) -> {list, lists:sort([child(C) || C <- supervisor:which_children(Sup)])} end);
do([which, Sup]) ->
    with(Sup, fun(Pid) -> {list, [child(C) || C <- supervisor:which_children(Pid)]} end);
do([count, Sup]) ->
    with(Sup, fun(Pid) ->
        Counts = supervisor:count_children(Pid),
        {list, [text(proplists:get_value(Key, Counts))
                || Key <- [specs, active, supervisors, workers]]}
    end);
do([stopSupervisor, Sup, Reason]) ->
    with(Sup, fun(Pid) -> gen_server:stop(Pid, differential:reason_of(Reason), infinity) end).

with(Id, Do) -> case pid(Id) of undefined -> none; Pid -> Do(Pid) end.

child({undefined, Pid, _, _}) -> text(index(Pid));
child({Id, Pid, _, _}) when is_pid(Pid) -> [text(Id), $:, text(index(Pid))];
child({Id, Other, _, _}) -> [text(Id), $:, text(Other)].

result({list, Texts}) -> ["list ", lists:join(",", Texts)];
result({ok, Pid}) when is_pid(Pid) -> ["ok ", text(index(Pid))];
result({ok, undefined}) -> "ok undefined";
result({error, already_present}) -> "error alreadyPresent";
result({error, not_found}) -> "error notFound";
result({error, {Reason, Child}}) when element(1, Child) =:= child ->
    ["error ", reason({failed_to_start_child, element(3, Child), Reason})];
result({error, Reason}) -> ["error ", reason(Reason)];
result({exit, Reason}) -> ["exit ", reason(Reason)];
result(Other) -> text(Other).

%% A supervisor has a number besides its id, as each process that was started by one spec has.
start_child(Id, [supervisor, Sup], Of) ->
    Instance = lists:flatten([atom_to_list(Id), $#, integer_to_list(next(Id))]),
    log(Of, ["supervisor ", Instance]),
    case supervisor:start_link(?MODULE, {Sup, Instance}) of
        {ok, Pid} -> add(Id, Instance, Pid), {ok, Pid};
        Other -> Other
    end;
start_child(Id, [worker | Worker], Of) -> gen_server:start_link(worker, {Id, Worker, Of}, []).

init({[_Id, dynamic, Max, _, [Child]], Instance}) ->
    {ok, {#{strategy => simple_one_for_one, intensity => Max, period => 1000},
          [spec(Child, Instance ++ "*")]}};
init({[_Id, Strategy, Max, Auto, Children], Instance}) ->
    Flags = #{strategy => strategy(Strategy), intensity => Max, period => 1000,
              auto_shutdown => auto(Auto)},
    {ok, {Flags, [spec(Child, Instance) || Child <- Children]}}.

spec([Id, Restart, Shutdown, Significant, [Type | _] = What], Instance) ->
    #{id => Id, start => {?MODULE, start_child, [Id, What, Instance]}, restart => Restart,
      shutdown => case Shutdown of brutalKill -> brutal_kill; wait -> infinity end,
      significant => Significant, type => Type}.

strategy(oneForOne) -> one_for_one;
strategy(oneForAll) -> one_for_all;
strategy(restForOne) -> rest_for_one.
auto(never) -> never;
auto(anySignificant) -> any_significant;
auto(allSignificant) -> all_significant.
